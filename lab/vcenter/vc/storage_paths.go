package vc

import (
	"maps"

	"github.com/vmware/govmomi/vim25/types"
)

// pathState is what a host has of a datastore that it mounts.
type pathState string

const (
	pathUp pathState = ""
	// pathAPD means that all paths are down: the storage does not answer, and may come back.
	pathAPD pathState = "apd"
	// pathPDL means that the array says that the device is gone for good: on VMFS only.
	pathPDL pathState = "pdl"
)

// reachesDatastore tells whether the host mounts a datastore and has a path to it.
func (h managedHost) reachesDatastore(ds types.ManagedObjectReference) bool {
	return contains(h.mounted, ds) && h.paths[ds] == pathUp
}

// setPath changes what a host has of a datastore.
func (s *Sim) setPath(host, ds types.ManagedObjectReference, state pathState) {
	s.updateHost(host, func(h *managedHost) {
		paths := maps.Clone(h.paths) // copies of the host share the old one
		if paths == nil {
			paths = map[types.ManagedObjectReference]pathState{}
		}
		if state == pathUp {
			delete(paths, ds)
		} else {
			paths[ds] = state
		}
		h.paths = paths
	})
}

// locked tells whether a machine runs on a host that still holds the locks on its files, so that no other host can start
// it. A host that lost its paths to them loses its locks, too (VMware KB 10051).
func (s *Sim) locked(m machine) bool {
	status, runs := s.fleet.Status(m.id)
	if !runs {
		return false
	}
	server := s.servers[status.Host]
	if server == nil {
		return false
	}
	h, ok := s.hostOf(server)
	if up, _ := server.Up(); !ok || !up {
		return false
	}
	for _, ds := range m.files {
		if !h.reachesDatastore(ds) {
			return false
		}
	}
	return true
}
