package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

const (
	defaultPort           = 22
	defaultUser           = "root"
	defaultDialErrorLimit = 10
	defaultPerDialTimeout = 15 * time.Second
	// Pause between two attempts to connect, to a machine that may still be booting.
	retryPause = 2 * time.Second
)

// Connection says how to reach a machine over SSH.
type Connection struct {
	endpoint
	Proxy *ProxyConnection `pulumi:"proxy,optional"`
}

// ProxyConnection says how to reach the bastion host in front of it.
type ProxyConnection struct {
	endpoint
}

type endpoint struct {
	Host               string   `pulumi:"host"`
	Port               *float64 `pulumi:"port,optional"`
	User               *string  `pulumi:"user,optional"`
	Password           *string  `pulumi:"password,optional" provider:"secret"`
	PrivateKey         *string  `pulumi:"privateKey,optional" provider:"secret"`
	PrivateKeyPassword *string  `pulumi:"privateKeyPassword,optional" provider:"secret"`
	AgentSocketPath    *string  `pulumi:"agentSocketPath,optional"`
	HostKey            *string  `pulumi:"hostKey,optional"`
	DialErrorLimit     *int     `pulumi:"dialErrorLimit,optional"`
	PerDialTimeout     *int     `pulumi:"perDialTimeout,optional"`
}

func (e endpoint) address() string {
	return net.JoinHostPort(e.Host, strconv.Itoa(int(valueOr(e.Port, defaultPort))))
}

func (c Connection) dial(ctx context.Context) (*ssh.Client, error) {
	if c.Proxy == nil {
		return c.endpoint.dial(ctx, (&net.Dialer{}).DialContext)
	}
	proxy, err := c.Proxy.dial(ctx, (&net.Dialer{}).DialContext)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	client, err := c.endpoint.dial(ctx, proxy.DialContext)
	if err != nil {
		proxy.Close()
		return nil, err
	}
	go func() {
		_ = client.Wait()
		proxy.Close()
	}()
	return client, nil
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

func (e endpoint) dial(ctx context.Context, dial dialer) (*ssh.Client, error) {
	config, closeAgent, err := e.clientConfig()
	if err != nil {
		return nil, err
	}
	defer closeAgent()
	limit := valueOr(e.DialErrorLimit, defaultDialErrorLimit)
	for failures := 1; ; failures++ {
		client, err := e.dialOnce(ctx, dial, config)
		if err == nil {
			return client, nil
		}
		if limit >= 0 && failures >= limit {
			return nil, fmt.Errorf("no SSH connection to %s after %d attempts: %w", e.address(), failures, err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("no SSH connection to %s: cancelled after: %w", e.address(), err)
		case <-time.After(retryPause):
		}
	}
}

func (e endpoint) dialOnce(ctx context.Context, dial dialer, config *ssh.ClientConfig) (*ssh.Client, error) {
	timeout := defaultPerDialTimeout
	if e.PerDialTimeout != nil {
		timeout = time.Duration(*e.PerDialTimeout) * time.Second
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	conn, err := dial(ctx, "tcp", e.address())
	if err != nil {
		return nil, err
	}
	// The handshake has no context of its own: closing the connection is what ends it.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	c, channels, requests, err := ssh.NewClientConn(conn, e.address(), config)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return ssh.NewClient(c, channels, requests), nil
}

func (e endpoint) clientConfig() (*ssh.ClientConfig, func(), error) {
	closeAgent := func() {}
	// The official provider accepts any key when none is given; whoever sets hostKey gets it verified.
	config := &ssh.ClientConfig{User: valueOr(e.User, defaultUser), HostKeyCallback: ssh.InsecureIgnoreHostKey()}
	if e.HostKey != nil {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*e.HostKey))
		if err != nil {
			return nil, nil, fmt.Errorf("hostKey: write it as in a known_hosts or authorized_keys file, such as \"ssh-ed25519 AAAA…\": %w", err)
		}
		config.HostKeyCallback = ssh.FixedHostKey(key)
		config.HostKeyAlgorithms = hostKeyAlgorithms(key)
	}
	if e.PrivateKey != nil {
		signer, err := parseKey(*e.PrivateKey, e.PrivateKeyPassword)
		if err != nil {
			return nil, nil, fmt.Errorf("privateKey: %w", err)
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	if e.Password != nil {
		password := *e.Password
		config.Auth = append(config.Auth, ssh.Password(password),
			ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
				answers := make([]string, len(questions))
				for i := range answers {
					answers[i] = password
				}
				return answers, nil
			}))
	}
	if socket := valueOr(e.AgentSocketPath, os.Getenv("SSH_AUTH_SOCK")); socket != "" {
		conn, err := net.Dial("unix", socket)
		if err != nil && e.AgentSocketPath != nil {
			return nil, nil, fmt.Errorf("agentSocketPath: %w", err)
		}
		if err == nil {
			closeAgent = func() { conn.Close() }
			config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(conn).Signers))
		}
	}
	return config, closeAgent, nil
}

func parseKey(key string, password *string) (ssh.Signer, error) {
	if password != nil {
		return ssh.ParsePrivateKeyWithPassphrase([]byte(key), []byte(*password))
	}
	signer, err := ssh.ParsePrivateKey([]byte(key))
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		return nil, errors.New("the key is encrypted: set privateKeyPassword")
	}
	return signer, err
}

// An RSA key signs with SHA-2 under other names than its own type.
func hostKeyAlgorithms(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSA}
	}
	return []string{key.Type()}
}

func valueOr[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}
