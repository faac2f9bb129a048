package event

// Limit sets the size from which on the file is replaced.
func (f *File) Limit(size int64) { f.most = size }
