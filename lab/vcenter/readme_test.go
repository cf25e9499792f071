package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryTestThatTheReadmeNamesExists keeps the table of what is shown by which test true.
func TestEveryTestThatTheReadmeNamesExists(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	defined := map[string]bool{} // "package TestName"
	err = filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			defined[filepath.Dir(path)+" "+m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for row := range strings.Lines(string(readme)) {
		pkg, script := "", ""
		for _, m := range regexp.MustCompile("`([^`]+)`|\"([^\"]+)\"").FindAllStringSubmatch(row, -1) {
			word, title := m[1], m[2]
			switch {
			case strings.HasPrefix(word, "Test") || strings.HasPrefix(word, "Fuzz"):
				if named++; !defined[pkg+" "+word] {
					t.Errorf("there is no %s in %q: %s", word, pkg, row)
				}
			case strings.HasSuffix(word, ".test.ts"):
				raw, err := os.ReadFile(filepath.Join("..", "..", word))
				if err != nil {
					t.Error(err)
				}
				script = string(raw)
			case title != "" && script != "" && !strings.Contains(script, "it(\""+title+"\""):
				t.Errorf("there is no test %q: %s", title, row)
			case word != "":
				pkg = word
			}
		}
	}
	if named < 80 {
		t.Errorf("only %d tests were found in README.md", named)
	}
}
