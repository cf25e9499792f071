// Package capture collects what a command prints: each stream for the outputs, both interleaved for error messages, and
// line by line for the log of the operation.
package capture

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	p "github.com/pulumi/pulumi-go-provider"
)

// Streams says which streams of a command are shown while it runs.
type Streams struct{ Stdout, Stderr bool }

// ParseStreams reads the value of the input `logging`; an absent one shows both.
func ParseStreams[T ~string](logging *T) (Streams, error) {
	if logging == nil {
		return Streams{Stdout: true, Stderr: true}, nil
	}
	switch string(*logging) {
	case "stdoutAndStderr":
		return Streams{Stdout: true, Stderr: true}, nil
	case "stdout":
		return Streams{Stdout: true}, nil
	case "stderr":
		return Streams{Stderr: true}, nil
	case "none":
		return Streams{}, nil
	}
	return Streams{}, fmt.Errorf("logging is %q; write stdout, stderr, stdoutAndStderr or none", string(*logging))
}

// Output receives both streams of one command, safely from two goroutines.
type Output struct {
	mu               sync.Mutex
	out, err, merged bytes.Buffer
	logOut, logErr   lineLogger
}

// New makes an Output that shows the wanted streams in the log of the operation of ctx.
func New(ctx context.Context, show Streams) *Output {
	o := &Output{}
	info := func(line string) { p.GetLogger(ctx).Info(line) }
	if show.Stdout {
		o.logOut.log = info
	}
	if show.Stderr {
		o.logErr.log = info
	}
	return o
}

// Stdout is what the command's standard output is to be written to.
func (o *Output) Stdout() io.Writer { return stream{o, &o.out, &o.logOut} }

// Stderr is what the command's standard error is to be written to.
func (o *Output) Stderr() io.Writer { return stream{o, &o.err, &o.logErr} }

// Result ends the collection: both streams, without their last line end.
func (o *Output) Result() (stdout, stderr string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.logOut.flush()
	o.logErr.flush()
	return strings.TrimSuffix(o.out.String(), "\n"), strings.TrimSuffix(o.err.String(), "\n")
}

// Failed is the error of a command that ended with err: it holds all that the command printed.
func (o *Output) Failed(err error, command string) error {
	o.Result()
	return fmt.Errorf("%w: running %q:\n%s", err, command, o.merged.String())
}

type stream struct {
	o   *Output
	buf *bytes.Buffer
	log *lineLogger
}

func (s stream) Write(b []byte) (int, error) {
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	s.buf.Write(b)
	s.o.merged.Write(b)
	s.log.write(b)
	return len(b), nil
}

type lineLogger struct {
	log     func(string)
	pending []byte
}

func (l *lineLogger) write(b []byte) {
	if l.log == nil {
		return
	}
	l.pending = append(l.pending, b...)
	for {
		i := bytes.IndexByte(l.pending, '\n')
		if i < 0 {
			return
		}
		l.log(string(l.pending[:i]))
		l.pending = l.pending[i+1:]
	}
}

func (l *lineLogger) flush() {
	if len(l.pending) > 0 {
		l.log(string(l.pending))
		l.pending = nil
	}
}
