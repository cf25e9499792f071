package hardware

import "slices"

// Paths are a server's paths to the shared LUN, as ESXi names them: adapter, channel, target, LUN.
var Paths = [2]string{"vmhba64:C0:T0:L0", "vmhba65:C0:T0:L0"}

// Reach is what a server has of a storage device.
type Reach string

// A device answers, does not answer on any path, or says on every path that it is gone for good.
const (
	Reached    Reach = ""
	AllDown    Reach = "apd"
	DeviceLost Reach = "pdl"
)

// Path is one way to the shared LUN.
type Path struct {
	// Off is the administrator's doing.
	Off bool
	// Error is the status that is injected into every command, while injection is on: device status in the lowest byte, then
	// host status, plugin status, and of the sense data the qualifier, the key and the additional code. Zero is none.
	Error uint64
}

// Storage is a server's connection to shared storage.
type Storage struct {
	Paths [len(Paths)]Path
	// Inject lets the paths' errors take effect.
	Inject bool
	// NFSBlocked tells that ESXi's firewall lets no NFS client out.
	NFSBlocked bool
}

// lost are the sense keys and additional codes by which an array says that a device is gone for good (VMware KB 2004684).
var lost = [][2]byte{{0x5, 0x25}, {0x4, 0x4c}, {0x4, 0x3e}}

// Path is the state of one path.
func (s Storage) Path(i int) Reach {
	p := s.Paths[i]
	device, host, key, code := byte(p.Error), byte(p.Error>>8), byte(p.Error>>32), byte(p.Error>>40)
	switch {
	case p.Off, s.Inject && host != 0:
		return AllDown
	case s.Inject && device == checkCondition && slices.Contains(lost, [2]byte{key, code}):
		return DeviceLost
	}
	return Reached
}

// checkCondition is the device status that comes with sense data (SCSI Architecture Model).
const checkCondition = 0x2

// LUN is the state of the shared LUN: one path is enough to reach it, and all must say that it is gone (vSphere Storage,
// "Detecting PDL Conditions").
func (s Storage) LUN() Reach {
	gone := true
	for i := range s.Paths {
		switch s.Path(i) {
		case Reached:
			return Reached
		case AllDown:
			gone = false
		}
	}
	if gone {
		return DeviceLost
	}
	return AllDown
}

// NFS is the state of every NFS export.
func (s Storage) NFS() Reach {
	if s.NFSBlocked {
		return AllDown
	}
	return Reached
}

// Storage is the state of the server's connection to its storage.
func (s *Server) Storage() Storage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.storage
}

// SetStorage changes it.
func (s *Server) SetStorage(cause string, change func(*Storage)) {
	s.mu.Lock()
	before := s.storage
	change(&s.storage)
	after := s.storage
	s.mu.Unlock()
	if before == after {
		return
	}
	if before.LUN() != after.LUN() {
		s.note("lun "+word(after.LUN()), cause)
	}
	if before.NFS() != after.NFS() {
		s.note("nfs "+word(after.NFS()), cause)
	}
	s.OnStorage(s)
}

func word(r Reach) string {
	if r == Reached {
		return "up"
	}
	return string(r)
}
