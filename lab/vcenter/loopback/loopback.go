// Package loopback gives tests and benchmarks networks of their own in 127.0.0.0/8, beside labs and each other.
package loopback

import (
	"fmt"
	"net"
	"os"
	"sync"
)

// Labs have the second octets 20 to 219 (lab/addresses.ts), the tests of how they are claimed 252 and 253.
const (
	first = 220
	count = 32
	// claimPort is where a network's owner listens, here as for labs (lab/network.ts): the kernel gives it to one process, and
	// takes it back when that ends, however it ends.
	claimPort = 8088
)

var (
	mu   sync.Mutex
	held []net.Listener // for as long as the process lives
)

// Claim returns a second octet x, so that 127.x.0.0/16 is this process's until it ends, but for port 8088 of 127.x.0.1.
func Claim() (int, error) {
	mu.Lock()
	defer mu.Unlock()
	for n := range count {
		octet := first + (os.Getpid()+n)%count
		if l, err := net.Listen("tcp4", fmt.Sprintf("127.%d.0.1:%d", octet, claimPort)); err == nil {
			held = append(held, l)
			return octet, nil
		}
	}
	return 0, fmt.Errorf("each of the networks 127.%d.0.0/16 to 127.%d.0.0/16 is in use: something listens at port %d of its first address",
		first, first+count-1, claimPort)
}

// Own is the second octet of a network that the process claims once.
var Own = sync.OnceValues(Claim)
