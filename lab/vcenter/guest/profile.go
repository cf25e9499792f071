package guest

import "time"

// Profile is what the lab knows of a guest operating system.
type Profile struct {
	// Boot is the lab time from power-on to the service answering.
	Boot time.Duration
	// Port is where the service listens; Banner is what it says when a connection is accepted.
	Port   int
	Banner string
	// ToolsVersion is empty where VMware Tools are not installed.
	ToolsVersion string
	Family       string
	FullName     string
	// IdleMHz is the CPU that one virtual CPU uses when nobody asks anything of the guest.
	IdleMHz int
	// User is the account that guest operations log in with; Processes are the system's own that they list.
	User      string
	Processes []string
}

// Boot times are assumptions: no vendor publishes them. They are of the order seen on servers of that time, with the
// service counted as up when it accepts connections. Ports are those of the real services moved above 1023 where needed,
// so that no privilege is required. Tools 10.0.12 are the last for Windows XP (VMware Tools 10.0.12 release notes).
var profiles = map[string]Profile{
	"ubuntu64Guest": {
		Boot: 45 * time.Second, Port: 2222, Banner: "SSH-2.0-OpenSSH_6.2p2 Ubuntu-6\r\n", ToolsVersion: "10346",
		Family: "linuxGuest", FullName: "Ubuntu Linux (64-bit)", IdleMHz: 40,
		User: "root", Processes: []string{"init", "sshd", "vmtoolsd"},
	},
	"other3xLinux64Guest": {
		Boot: 30 * time.Second, Port: 2222, Banner: "SSH-2.0-OpenSSH_6.6.1\r\n", ToolsVersion: "10346",
		Family: "linuxGuest", FullName: "Other 3.x Linux (64-bit)", IdleMHz: 20,
		User: "root", Processes: []string{"init", "sshd", "vmtoolsd"},
	},
	"winXPProGuest": {
		Boot: 60 * time.Second, Port: 3389, ToolsVersion: "10252",
		Family: "windowsGuest", FullName: "Microsoft Windows XP Professional (32-bit)", IdleMHz: 60,
		User: "Administrator", Processes: xpProcesses,
	},
	"winXPPro64Guest": {
		Boot: 60 * time.Second, Port: 3389, ToolsVersion: "10252",
		Family: "windowsGuest", FullName: "Microsoft Windows XP Professional (64-bit)", IdleMHz: 60,
		User: "Administrator", Processes: xpProcesses,
	},
}

var xpProcesses = []string{"smss.exe", "csrss.exe", "winlogon.exe", "services.exe", "lsass.exe", "vmtoolsd.exe"}

// BootJitter is how much a boot may differ from the profile's time, as a share of it (an assumption).
const BootJitter = 0.1

// ProfileOf returns what is known of a guest identifier; an unknown system boots, but has neither service nor Tools.
func ProfileOf(guestID string) Profile {
	if p, ok := profiles[guestID]; ok {
		return p
	}
	return Profile{Boot: 30 * time.Second, Family: "otherGuestFamily", FullName: guestID, IdleMHz: 20}
}
