package labtest

import (
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// SSH logs in to a host's ESXi, whose key the lab has published.
func (l *Lab) SSH(host int) *ssh.Client {
	l.T.Helper()
	file := filepath.Join(l.Config.DataDir, "known_hosts")
	if _, err := os.Stat(file); err != nil {
		l.T.Fatal(err)
	}
	known, err := knownhosts.New(file)
	l.Must(err)
	c, err := ssh.Dial("tcp", l.Config.Hosts[host].SSH, &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.Password(HostPassword)}, HostKeyCallback: known, Timeout: Patience,
	})
	l.Must(err)
	l.T.Cleanup(func() { _ = c.Close() })
	return c
}

// Order starts a command on a host and does not wait for an answer, which a host that isolates itself does not give.
func (l *Lab) Order(host int, command string) {
	l.T.Helper()
	session, err := l.SSH(host).NewSession()
	l.Must(err)
	l.Must(session.Start(command))
}

// OnHost runs a command on a host and returns its output; one that fails ends the test.
func (l *Lab) OnHost(host int, command string) string {
	l.T.Helper()
	session, err := l.SSH(host).NewSession()
	l.Must(err)
	out, err := session.CombinedOutput(command)
	if err != nil {
		l.T.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}
