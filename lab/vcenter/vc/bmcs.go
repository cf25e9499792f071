package vc

import "vsphere-ha/lab/vcenter/redfish"

// listenBMCs starts the management controller of every server that has one.
func (s *Sim) listenBMCs() error {
	for _, server := range s.servers {
		if server.BMC == "" {
			continue
		}
		b, err := redfish.Listen(server, s.cert, s.cfg.BMCUser, s.cfg.BMCPassword)
		if err != nil {
			return err
		}
		s.bmcs = append(s.bmcs, b)
	}
	return nil
}

func (s *Sim) closeBMCs() {
	for _, b := range s.bmcs {
		b.Close()
	}
}
