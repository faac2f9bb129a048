package awsconfig

// NewTransport is newTransport.
var NewTransport = newTransport
