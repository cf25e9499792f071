package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vsphere-ha/lab/vcenter/config"
)

const good = `{"name":"t","timeScale":10,"listen":"127.9.0.1:8443","faultListen":"127.9.0.1:8089","tls":{"cert":"c","key":"k"},
"user":"u","datacenter":"Lab","hosts":[{"name":"esx-01","cpuMhz":2600,"cores":8,"memoryMb":32768,"bmc":"127.9.1.1:8443","ssh":"127.9.1.1:2222"}],
"hostUser":"root","bmcUser":"admin","nfs":[],"lun":{"name":"naa.1","capacityGb":1},"guestNetwork":"127.9.2.0/24","dataDir":"d","truthLog":"t"}`

func load(t *testing.T, text string, env map[string]string) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lab.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := config.Load(path, func(name string) string { return env[name] })
	return err
}

var passwords = map[string]string{config.PasswordVar: "a", config.HostPasswordVar: "b", config.BMCPasswordVar: "c"}

func TestGoodConfigurationIsAccepted(t *testing.T) {
	if err := load(t, good, passwords); err != nil {
		t.Error(err)
	}
}

func TestEveryProblemIsNamedAtItsPath(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		env      map[string]string
		want     []string
	}{
		"no password":          {"", "", map[string]string{}, []string{config.PasswordVar, config.HostPasswordVar, config.BMCPasswordVar}},
		"time scale":           {`"timeScale":10`, `"timeScale":0`, passwords, []string{"timeScale: 0"}},
		"public address":       {`"listen":"127.9.0.1:8443"`, `"listen":"0.0.0.0:8443"`, passwords, []string{`listen: "0.0.0.0:8443"`}},
		"SSH beyond loopback":  {`127.9.1.1:2222`, `10.0.0.1:22`, passwords, []string{"hosts[0].ssh"}},
		"BMC without port":     {`127.9.1.1:8443`, `127.9.1.1`, passwords, []string{"hosts[0].bmc"}},
		"host without memory":  {`"memoryMb":32768`, `"memoryMb":0`, passwords, []string{"hosts[0]"}},
		"guest network":        {`127.9.2.0/24`, `10.0.0.0/24`, passwords, []string{"guestNetwork"}},
		"two problems at once": {`"name":"t","timeScale":10`, `"name":"","timeScale":-1`, passwords, []string{"name: must be set", "timeScale: -1"}},
		"unknown field":        {`"name":"t"`, `"nmae":"t"`, passwords, []string{"nmae"}},
		"no JSON":              {good, "{", passwords, []string{"not a valid configuration"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := load(t, strings.Replace(good, c.old, c.new, 1), c.env)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not name %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}
