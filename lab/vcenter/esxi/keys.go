package esxi

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"net"
	"strings"

	"golang.org/x/crypto/ssh"
)

// NewKey makes a host key.
func NewKey() (ssh.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return ssh.NewSignerFromKey(private)
}

// KnownHost is a host's line in a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
func KnownHost(address string, key ssh.PublicKey) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("[%s]:%s %s\n", host, port, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))), nil
}
