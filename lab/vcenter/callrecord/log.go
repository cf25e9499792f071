// Package callrecord keeps which calls clients make and how they were answered: a lab writes a log of them, and the logs of clients
// make the record in this folder.
package callrecord

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// File is the name of a lab's log in its data folder.
const File = "calls.jsonl"

// Answered is the answer of a call that had no fault. NotImplemented is what the lab has no code for, Crashed what broke it.
const (
	Answered       = "answered"
	NotImplemented = "not implemented"
	Crashed        = "crashed"
)

// maxEntries bounds a log against clients that make up names.
const maxEntries = 10000

// Entry is one way in which a call of a client was answered.
type Entry struct {
	// Agent is what the client calls itself: its User-Agent header.
	Agent string `json:"agent"`
	// Call is the type and method, such as "HostSystem.EnterMaintenanceMode_Task", or method and path of the REST API.
	Call string `json:"call"`
	// Answer is Answered, NotImplemented, Crashed, the name of a fault or "HTTP " and a status.
	Answer string `json:"answer"`
}

// Unanswered tells whether the lab owes the client an answer: faults that vCenter has are answers.
func (e Entry) Unanswered() bool { return e.Answer == NotImplemented || e.Answer == Crashed }

func (e Entry) String() string { return fmt.Sprintf("%s: %s (%s)", e.Call, e.Answer, e.Agent) }

// Log is a file with a line for each entry, written when it occurs for the first time.
type Log struct {
	mu   sync.Mutex
	f    *os.File
	seen map[Entry]bool
}

// Open begins a new log.
func Open(path string) (*Log, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &Log{f: f, seen: map[Entry]bool{}}, nil
}

func (l *Log) note(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen[e] || len(l.seen) == maxEntries {
		return
	}
	l.seen[e] = true
	if line, err := json.Marshal(e); err == nil {
		_, _ = l.f.Write(append(line, '\n'))
	}
}

// Close ends the log.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f.Close()
}

// Read returns the entries of a log.
func Read(path string) ([]Entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var entries []Entry
	for lines := bufio.NewScanner(f); ; {
		if !lines.Scan() {
			return entries, lines.Err()
		}
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		entries = append(entries, e)
	}
}

// Unanswered lists the entries of a log that the lab owes an answer; none where there is no log.
func Unanswered(path string) ([]Entry, error) {
	entries, err := Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var list []Entry
	for _, e := range entries {
		if e.Unanswered() {
			list = append(list, e)
		}
	}
	return list, err
}
