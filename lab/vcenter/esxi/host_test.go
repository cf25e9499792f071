package esxi_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"vsphere-ha/lab/vcenter/clock"
	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/esxi"
	"vsphere-ha/lab/vcenter/hardware"
	"vsphere-ha/lab/vcenter/loopback"
	"vsphere-ha/lab/vcenter/truth"
)

const (
	user     = "root"
	password = "host-secret"
	lun      = "naa.6000c29000000000000000000000a001"
	patience = 30 * time.Second
	scale    = 100
)

// site is one server with its SSH, whose network follows what esxcli does to it.
type site struct {
	*testing.T
	server *hardware.Server
	host   *esxi.Host
	key    ssh.PublicKey
}

func newSite(t *testing.T) *site {
	t.Helper()
	log, err := truth.Open(filepath.Join(t.TempDir(), "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := loopback.Own()
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp4", fmt.Sprintf("127.%d.9.1:0", second))
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	key, err := esxi.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	c := clock.New(scale)
	s := &site{T: t, server: hardware.NewServer(config.Host{Name: "esx-01", SSH: address}, c, log), key: key.PublicKey()}
	if s.host, err = esxi.Listen(s.server, c, key, lun, user, password); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.host.Close)
	s.server.OnNetwork = func(_ *hardware.Server, m hardware.Management) { s.host.Reachable(m.Connected()) }
	s.server.OnDown = func(*hardware.Server, string) { s.host.PowerLost() }
	return s
}

func (s *site) dial(auth ...ssh.AuthMethod) (*ssh.Client, error) {
	if len(auth) == 0 {
		auth = []ssh.AuthMethod{ssh.Password(password)}
	}
	c, err := ssh.Dial("tcp", s.server.SSH, &ssh.ClientConfig{User: user, Auth: auth, HostKeyCallback: ssh.FixedHostKey(s.key), Timeout: patience})
	if err == nil {
		s.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

// run executes a command as an injector does and returns its output and exit code.
func (s *site) run(command string) (out, errs string, code int) {
	s.Helper()
	c, err := s.dial()
	if err != nil {
		s.Fatal(err)
	}
	session, err := c.NewSession()
	if err != nil {
		s.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	session.Stdout, session.Stderr = &stdout, &stderr
	err = session.Run(command)
	var status *ssh.ExitError
	if err != nil && !errors.As(err, &status) {
		s.Fatal(err)
	}
	if status != nil {
		code = status.ExitStatus()
	}
	return stdout.String(), stderr.String(), code
}

func (s *site) until(what string, condition func() bool) {
	s.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if condition() {
			return
		}
	}
	s.Fatalf("waited in vain until %s", what)
}

func TestEsxcliTakesAwayAndBringsBackWhatMakesTheManagementNetwork(t *testing.T) {
	for _, pair := range [][2]string{
		{"esxcli network ip interface set -e false -i vmk0", "esxcli network ip interface set -e true -i vmk0"},
		{"esxcli network ip interface set --enabled=false --interface-name=vmk0", "/bin/esxcli network ip interface set --enabled true --interface-name vmk0"},
		{"esxcli network nic down -n vmnic0; esxcli network nic down -n vmnic1", "esxcli network nic up --nic-name=vmnic0"},
		{"esxcli network vswitch standard uplink remove -u vmnic0 -v vSwitch0; esxcli network vswitch standard uplink remove -u vmnic1 -v vSwitch0", "esxcli network vswitch standard uplink add --uplink-name=vmnic0 --vswitch-name=vSwitch0"},
	} {
		s := newSite(t)
		// Both in one go: between them nothing would be heard of the host.
		down := make(chan bool, 1)
		s.server.OnNetwork = func(_ *hardware.Server, m hardware.Management) {
			if !m.Connected() {
				down <- true
			}
		}
		if out, errs, code := s.run(pair[0] + "; " + pair[1]); code != 0 || out != "" || errs != "" {
			t.Errorf("%s: exit code %d, output %q %q", pair, code, out, errs)
		}
		if len(down) != 1 {
			t.Errorf("%s did not take the network down", pair[0])
		}
		if !s.server.Management().Connected() {
			t.Errorf("%s did not bring the network back", pair[1])
		}
	}
}

func TestOneUplinkOfTwoCarriesTheManagementNetwork(t *testing.T) {
	for _, broken := range []string{
		"esxcli network nic down -n vmnic0", "esxcli network nic down -n vmnic1",
		"esxcli network vswitch standard uplink remove -u vmnic0 -v vSwitch0", "esxcli network vswitch standard uplink remove -u vmnic1 -v vSwitch0",
	} {
		s := newSite(t)
		if out, errs, code := s.run(broken); code != 0 || !s.server.Management().Connected() {
			t.Errorf("%s: exit code %d, output %q %q, connected %t", broken, code, out, errs, s.server.Management().Connected())
		}
	}
}

func TestAnIsolationCutsItsOwnSessionUntilTheHostUndoesItByItself(t *testing.T) {
	for name, undo := range map[string]string{
		"subshell": "(sleep 300; esxcli network ip interface set -e true -i vmk0) >/dev/null 2>&1 &",
		"nohup":    "nohup sh -c 'sleep 300; esxcli network ip interface set -e true -i vmk0' >/dev/null 2>&1 </dev/null &",
		"setsid":   `setsid nohup /bin/sh -c "sleep 300 && esxcli network ip interface set -e true -i vmk0" &> /dev/null &`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			c, err := s.dial()
			if err != nil {
				t.Fatal(err)
			}
			session, err := c.NewSession()
			if err != nil {
				t.Fatal(err)
			}
			down := make(chan bool, 1)
			s.server.OnNetwork = func(_ *hardware.Server, m hardware.Management) {
				if s.host.Reachable(m.Connected()); !m.Connected() {
					down <- true
				}
			}
			start := time.Now()
			if err := session.Start(undo + " esxcli network ip interface set -e false -i vmk0"); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- session.Wait() }()
			<-down
			fresh := make(chan error, 1)
			go func() {
				_, err := s.dial()
				fresh <- err
			}()
			select {
			case err := <-ended:
				t.Fatalf("the session heard of its end while the host was cut off: %v", err)
			case <-fresh:
				t.Fatal("another session was answered while the host was cut off")
			case <-time.After(time.Second):
			}
			s.until("the host has undone it", func() bool { return s.server.Management().Connected() })
			if took := time.Since(start) * scale; took < 300*time.Second {
				t.Errorf("undone after %s of 300 s", took)
			}
			if err := <-ended; err != nil {
				t.Errorf("the session that waited ended with %v", err)
			}
			if err := <-fresh; err != nil {
				t.Errorf("the session that waited to begin: %v", err)
			}
		})
	}
}

func TestTheUndoOutlivesItsSessionButNotThePower(t *testing.T) {
	s := newSite(t)
	c, err := s.dial()
	if err != nil {
		t.Fatal(err)
	}
	session, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Run("nohup sh -c 'sleep 100; esxcli network ip interface set -e false -i vmk0' >/dev/null 2>&1 &"); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	s.until("it runs without its session", func() bool { return !s.server.Management().Connected() })

	s = newSite(t)
	if _, _, code := s.run("(sleep 100; esxcli network ip interface set -e false -i vmk0) >/dev/null 2>&1 &"); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	s.server.PowerOff("test")
	time.Sleep(2 * time.Second) // 200 s of the host's time: what would run has run
	if !s.server.Management().Connected() {
		t.Error("it ran on a server without power")
	}
}

func TestSessionStaysOpenForBackgroundWorkThatHoldsItsOutput(t *testing.T) {
	s := newSite(t)
	start := time.Now()
	if out, _, code := s.run("(sleep 50; echo done) & echo started"); out != "started\ndone\n" || code != 0 {
		t.Errorf("output %q, exit code %d", out, code)
	}
	if took := time.Since(start) * scale; took < 50*time.Second {
		t.Errorf("the session ended after %s", took)
	}
}

func TestWhatInjectorsDoNotSendIsAnsweredAsAShellWould(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct {
		command string
		code    int
		says    string
	}{
		{"reboot", 127, "sh: reboot: not found"},
		{"vim-cmd vmsvc/getallvms", 127, "not found"},
		{"esxcli network firewall set -e false", 1, "Unknown command or namespace network firewall set"},
		{"esxcli network nic down", 1, "Missing required parameter --nic-name|-n"},
		{"esxcli network nic down -x vmnic0", 1, "Invalid option -x"},
		{"esxcli network nic down -n", 1, "missing value for option -n"},
		{"esxcli network nic down -n vmnic9", 1, "vmnic9"},
		{"esxcli network ip interface set -e false -i vmk7", 1, "vmk7"},
		{"esxcli network ip interface set -e maybe -i vmk0", 1, "maybe"},
		{"esxcli network vswitch standard uplink remove -u vmnic2 -v vSwitch0", 1, "No such uplink"},
		{"esxcli network vswitch standard uplink add -u vmnic0 -v vSwitch0", 1, "already exists"},
		{"esxcli network vswitch standard uplink add -u vmnic0 -v vSwitch9", 1, "vSwitch9"},
		{"sleep soon", 1, "invalid number"},
		{"(true", 2, "syntax error"},
		{"true &&", 2, "syntax error"},
		{"; ) ", 2, "syntax error"},
		{"echo 'open", 2, "unterminated"},
		{"echo $HOME", 2, "$"},
		{"esxcli network nic list | grep Up", 2, "|"},
		{"false && reboot || echo fell through", 0, "fell through"},
		{"true && true || reboot", 0, ""},
		{"sh -c 'false'", 1, ""},
		{"", 0, ""},
	} {
		out, errs, code := s.run(c.command)
		if said := out + errs; code != c.code || !strings.Contains(said, c.says) || c.says == "" && said != "" {
			t.Errorf("%s: exit code %d, not %d; said %q, not %q", c.command, code, c.code, said, c.says)
		}
	}
	if !s.server.Management().Connected() {
		t.Error("one of them took the network down")
	}
}

func TestListsShowWhatWasChanged(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct{ list, change, undo, before, after string }{
		{"esxcli network ip interface list", "esxcli network ip interface set -e false -i vmk0", "esxcli network ip interface set -e true -i vmk0", "Enabled: true", "Enabled: false"},
		{"esxcli network nic list", "esxcli network nic down -n vmnic1", "esxcli network nic up -n vmnic1", "Up            Up           10000  Full", "Down          Down             0  Half"},
		{"esxcli network vswitch standard list", "esxcli network vswitch standard uplink remove -u vmnic0 -v vSwitch0", "esxcli network vswitch standard uplink add -u vmnic0 -v vSwitch0", "Uplinks: vmnic0, vmnic1\n", "Uplinks: vmnic1\n"},
	} {
		if out, _, code := s.run(c.list); code != 0 || !strings.Contains(out, c.before) || strings.Contains(out, c.after) {
			t.Errorf("%s before: exit code %d\n%s", c.list, code, out)
		}
		if out, _, code := s.run(c.change + "; " + c.list + "; " + c.undo); code != 0 || !strings.Contains(out, c.after) {
			t.Errorf("%s after: exit code %d\n%s", c.list, code, out)
		}
	}
}

func TestOnlyTheRightUserAndPasswordComeIn(t *testing.T) {
	s := newSite(t)
	interactive := func(answer string) ssh.AuthMethod {
		return ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
			return []string{answer}[:len(questions)], nil
		})
	}
	if _, err := s.dial(interactive(password)); err != nil {
		t.Errorf("keyboard-interactive: %v", err)
	}
	for name, auth := range map[string]ssh.AuthMethod{"wrong password": ssh.Password("guess"), "wrong answer": interactive("guess"), "empty": ssh.Password("")} {
		if _, err := s.dial(auth); err == nil {
			t.Errorf("%s came in", name)
		}
	}
	if _, err := ssh.Dial("tcp", s.server.SSH, &ssh.ClientConfig{User: "admin", Auth: []ssh.AuthMethod{ssh.Password(password)}, HostKeyCallback: ssh.FixedHostKey(s.key)}); err == nil {
		t.Error("another user came in")
	}
}

func TestOtherChannelsAndRequestsAreRefused(t *testing.T) {
	s := newSite(t)
	c, err := s.dial()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Dial("tcp", "127.0.0.1:22"); err == nil {
		t.Error("it forwards ports")
	}
	session, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.RequestSubsystem("sftp"); err == nil {
		t.Error("it serves files")
	}
	session, _ = c.NewSession()
	if err := session.Shell(); err == nil {
		t.Error("it gives an interactive shell")
	}
}

func TestPowerLossEndsSessions(t *testing.T) {
	s := newSite(t)
	c, err := s.dial()
	if err != nil {
		t.Fatal(err)
	}
	session, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := session.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Start("sleep 100000"); err != nil {
		t.Fatal(err)
	}
	s.server.PowerOff("test")
	if _, err := io.ReadAll(out); err != nil {
		t.Fatal(err)
	}
	if err := session.Wait(); err == nil {
		t.Error("the session ended as if nothing had happened")
	}
}
