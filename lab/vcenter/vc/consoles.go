package vc

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/esxi"
	"vsphere-ha/lab/vcenter/hardware"
	"vsphere-ha/lab/vcenter/redfish"
)

// knownHosts lists the SSH host keys of the lab, in the data directory.
const knownHosts = "known_hosts"

// listenConsoles starts the management controller and the SSH server of every server of the configuration.
func (s *Sim) listenConsoles() error {
	var known []string
	for _, h := range s.cfg.Hosts {
		server := s.servers[h.Name]
		b, err := redfish.Listen(server, s.cert, s.cfg.BMCUser, s.cfg.BMCPassword)
		if err != nil {
			return err
		}
		s.bmcs = append(s.bmcs, b)
		line, err := s.listenSSH(server, h)
		if err != nil {
			return err
		}
		known = append(known, line)
	}
	slices.Sort(known)
	return os.WriteFile(filepath.Join(s.cfg.DataDir, knownHosts), []byte(strings.Join(known, "")), 0o600)
}

func (s *Sim) listenSSH(server *hardware.Server, h config.Host) (string, error) {
	key, err := esxi.NewKey()
	if err != nil {
		return "", err
	}
	console, err := esxi.Listen(server, s.clock, key, s.cfg.LUN.Name, s.cfg.HostUser, s.cfg.HostPassword)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	s.ssh[server] = console
	s.mu.Unlock()
	return esxi.KnownHost(h.SSH, key.PublicKey())
}

// console is a server's SSH, or nil before it listens.
func (s *Sim) console(server *hardware.Server) *esxi.Host {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ssh[server]
}

func (s *Sim) closeConsoles() {
	for _, b := range s.bmcs {
		b.Close()
	}
	for _, server := range s.servers {
		if c := s.console(server); c != nil {
			c.Close()
		}
	}
}
