// Package truth records what really happened in the lab, so that measurements can be checked against it.
package truth

import (
	"encoding/json"
	"os"
	"sync"
	"time"
)

// Entry is one line of the log. Guests come "up" and go "down" at the instant their listening socket opens and closes.
type Entry struct {
	// T is wall time in milliseconds since 1970.
	T     float64 `json:"t"`
	VM    string  `json:"vm,omitempty"`
	Name  string  `json:"name,omitempty"`
	Host  string  `json:"host,omitempty"`
	Event string  `json:"event"`
	Cause string  `json:"cause,omitempty"`
}

// Log appends entries to a file, one JSON document a line.
type Log struct {
	mu sync.Mutex
	f  *os.File
}

// Open appends to the file, which it creates when missing.
func Open(path string) (*Log, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &Log{f: f}, nil
}

// Write appends an entry that happened at the given instant.
func (l *Log) Write(at time.Time, e Entry) {
	e.T = float64(at.UnixMicro()) / 1000
	line, err := json.Marshal(e)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.f.Write(append(line, '\n'))
}

// Close ends the log; later writes are dropped.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f.Close()
}
