package loopback_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/loopback"
)

// claimant is the variable that makes this test binary claim a network, say which, and stay.
const claimant = "LOOPBACK_CLAIMANT"

func TestMain(m *testing.M) {
	if os.Getenv(claimant) == "" {
		os.Exit(m.Run())
	}
	octet, err := loopback.Own()
	fmt.Println(octet, err)
	time.Sleep(time.Minute)
}

// another process that holds a network.
func another(t *testing.T) (octet int, kill func()) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), claimant+"=1")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() { _ = c.Process.Kill(); _ = c.Wait() }
	t.Cleanup(kill)
	line, _ := bufio.NewReader(out).ReadString('\n')
	if octet, err = strconv.Atoi(strings.Fields(line)[0]); err != nil || !strings.HasSuffix(line, "<nil>\n") {
		t.Fatalf("it says %q", line)
	}
	return octet, kill
}

func taken(octet int) bool {
	l, err := net.Listen("tcp4", fmt.Sprintf("127.%d.0.1:8088", octet))
	if err != nil {
		return true
	}
	_ = l.Close()
	return false
}

func TestEveryProcessHasANetworkOfItsOwnUntilItIsKilled(t *testing.T) {
	own, err := loopback.Own()
	if err != nil {
		t.Fatal(err)
	}
	more, err := loopback.Claim()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{own: true, more: true}
	var kills []func()
	for range 3 {
		octet, kill := another(t)
		kills = append(kills, kill)
		if seen[octet] || octet < 220 || octet > 251 {
			t.Errorf("network %d, others are %v", octet, seen)
		}
		seen[octet] = true
		if len(kills) == 3 {
			if !taken(octet) {
				t.Error("it does not hold what it claims")
			}
			kill()
			if taken(octet) {
				t.Error("a killed process still holds its network")
			}
		}
	}
	if again, _ := loopback.Own(); again != own {
		t.Errorf("its own network was %d and is %d", own, again)
	}
}
