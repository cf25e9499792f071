package labtest

import (
	"bufio"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// Connection is an established connection to a guest's ssh-like service.
type Connection struct{ c net.Conn }

// Connect opens one and reads its banner.
func Connect(t testing.TB, address string) *Connection {
	t.Helper()
	c, err := net.DialTimeout("tcp", address, Patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(Patience))
	if banner, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.HasPrefix(banner, "SSH-2.0-") {
		t.Fatalf("banner %q: %v", banner, err)
	}
	return &Connection{c}
}

// Alive tells whether the other side still holds the connection: reading then runs into its deadline.
func (c *Connection) Alive() bool {
	_ = c.c.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
	_, err := c.c.Read(make([]byte, 1))
	return errors.Is(err, os.ErrDeadlineExceeded)
}
