package arch_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	maxReadmeLines  = 200
	maxProseColumns = 100
)

var (
	link   = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	folder = regexp.MustCompile("`((?:pkg|functions|events)/[\\w./-]*)`")
	target = regexp.MustCompile("(?m)(?:`|^\\$ )make ([a-z-]+)")
)

func TestTheReadmeIsShort(t *testing.T) {
	if lines := strings.Count(read(t, "README.md"), "\n"); lines > maxReadmeLines {
		t.Errorf("README.md has %d lines, want at most %d: detail belongs into the READMEs of folders", lines, maxReadmeLines)
	}
}

func TestProseKeepsItsColumnsAndNamesWhatExists(t *testing.T) {
	makefile := read(t, "Makefile")
	for _, file := range proseFiles(t) {
		text := read(t, file)
		for i, line := range strings.Split(text, "\n") {
			if n := utf8.RuneCountInString(line); n > maxProseColumns {
				t.Errorf("%s:%d has %d columns, want at most %d", file, i+1, n, maxProseColumns)
			}
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			wantFile(t, file, path.Join(path.Dir(file), m[1]))
		}
		for _, m := range folder.FindAllStringSubmatch(text, -1) {
			wantFile(t, file, m[1])
		}
		for _, m := range target.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s names make %s, which the Makefile does not have", file, m[1])
			}
		}
	}
}

func wantFile(t *testing.T, file, name string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, name)); err != nil {
		t.Errorf("%s names %s, which does not exist", file, name)
	}
}

// proseFiles are all Markdown files of the project.
func proseFiles(t *testing.T) (files []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && name != ".github" && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir // tools and data
		case path.Ext(name) == ".md":
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("got no Markdown file, want README.md at least")
	}
	return files
}
