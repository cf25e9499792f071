package remote

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os/exec"
	"strconv"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

const testPassword = "correct horse"

// An SSH server on loopback that runs commands with /bin/sh and serves SFTP: what sshd does, without one.
type server struct {
	hostKey string
	port    float64
	// Names of the environment variables that it takes, as AcceptEnv of sshd.
	acceptEnv []string
}

func serve(t *testing.T, acceptEnv ...string) *server {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if string(password) != testPassword {
			return nil, errors.New("wrong password")
		}
		return nil, nil
	}}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	number, _ := strconv.ParseFloat(port, 64)
	s := &server{hostKey: string(ssh.MarshalAuthorizedKey(signer.PublicKey())), port: number, acceptEnv: acceptEnv}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.handle(conn, config)
		}
	}()
	return s
}

func (s *server) connection() *Connection {
	password, limit := testPassword, 1
	return &Connection{endpoint: endpoint{Host: "127.0.0.1", Port: &s.port, Password: &password, HostKey: &s.hostKey, DialErrorLimit: &limit}}
}

func (s *server) handle(conn net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		switch offered.ChannelType() {
		case "session":
			channel, requests, err := offered.Accept()
			if err == nil {
				go s.session(channel, requests)
			}
		case "direct-tcpip":
			go forward(offered)
		default:
			_ = offered.Reject(ssh.UnknownChannelType, "")
		}
	}
}

func (s *server) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	var env []string
	for request := range requests {
		switch request.Type {
		case "env":
			var pair struct{ Name, Value string }
			_ = ssh.Unmarshal(request.Payload, &pair)
			accepted := false
			for _, name := range s.acceptEnv {
				accepted = accepted || name == pair.Name
			}
			if accepted {
				env = append(env, pair.Name+"="+pair.Value)
			}
			_ = request.Reply(accepted, nil)
		case "exec":
			var command struct{ Line string }
			_ = ssh.Unmarshal(request.Payload, &command)
			_ = request.Reply(true, nil)
			go runShell(channel, command.Line, env)
		case "subsystem":
			_ = request.Reply(true, nil)
			go func() {
				if files, err := sftp.NewServer(channel); err == nil {
					_ = files.Serve()
				}
				channel.Close()
			}()
		default:
			if request.WantReply {
				_ = request.Reply(false, nil)
			}
		}
	}
}

func runShell(channel ssh.Channel, line string, env []string) {
	shell := exec.Command("/bin/sh", "-c", line)
	shell.Env, shell.Stdin, shell.Stdout, shell.Stderr = env, channel, channel, channel.Stderr()
	var status struct{ Code uint32 }
	if err := shell.Run(); err != nil {
		status.Code = 1
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			status.Code = uint32(exit.ExitCode())
		}
	}
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(status))
	channel.Close()
}

func forward(offered ssh.NewChannel) {
	var target struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	_ = ssh.Unmarshal(offered.ExtraData(), &target)
	conn, err := net.Dial("tcp", net.JoinHostPort(target.Host, strconv.Itoa(int(target.Port))))
	if err != nil {
		_ = offered.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	channel, requests, err := offered.Accept()
	if err != nil {
		conn.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	go func() {
		_, _ = io.Copy(channel, conn)
		channel.Close()
	}()
	_, _ = io.Copy(conn, channel)
	conn.Close()
}
