package vc

import (
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/hardware"
)

type ha struct{}

func newHA(*Sim, types.ManagedObjectReference) *ha { return &ha{} }
func (*ha) tend()                                  {}
func (*ha) close()                                 {}

func (s *Sim) admit(types.ManagedObjectReference, machine) types.BaseMethodFault { return nil }
func (s *Sim) tendSystemVMs(types.ManagedObjectReference)                        {}
func (s *Sim) serverDown(server *hardware.Server, cause string) {
	s.fleet.HostDown(server.Name, cause)
}
func (s *Sim) serverUp(*hardware.Server) {}
func (s *Sim) statsLoop()                {}
