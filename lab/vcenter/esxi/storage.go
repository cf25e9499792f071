package esxi

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vsphere-ha/lab/vcenter/hardware"
)

// storageCommands are the esxcli commands on storage that injectors use (ESXCLI Reference, "esxcli storage Commands" and
// "esxcli network firewall Commands").
var storageCommands = []cli{
	{"storage core path list", []parameter{
		{"device", "d", false, "Limit the output to paths to a specific device.", false},
		{"path", "p", false, "Limit the output to a specific path.", false},
	}, listPaths},
	{"storage core path set", []parameter{
		{"path", "p", true, "The path whose state is set.", false},
		{"state", "s", true, "The state to set the specified path to: active or off.", false},
	}, setPath},
	{"storage core device list", []parameter{
		{"device", "d", false, "Filter the output of this command to only show a single device.", false},
	}, listDevices},
	{"storage core adapter rescan", []parameter{
		{"all", "a", false, "Indicate the rescan should be done on all adapters.", true},
		{"adapter", "A", false, "Name of the adapter to be rescanned.", false},
	}, rescan},
	{"storage core device set", []parameter{
		{"device", "d", true, "The device upon which to operate.", false},
		{"state", "S", false, "Set the SCSI device to the specified state: on or off.", false},
	}, setDevice},
	{"network firewall ruleset set", []parameter{
		{"ruleset-id", "r", true, "The label of the ruleset.", false},
		{"enabled", "e", false, "Set to true to enable ruleset, set to false to disable it.", false},
	}, setRuleset},
	{"network firewall ruleset list", []parameter{{"ruleset-id", "r", false, "The label of the ruleset.", false}}, listRulesets},
}

func path(name string) (int, error) {
	i := slices.Index(hardware.Paths[:], name)
	if i < 0 {
		return 0, fmt.Errorf("Unknown path %s", name)
	}
	return i, nil
}

func listPaths(h *Host, args map[string]string) (string, error) {
	device := h.LUN
	if d := args["device"]; d != "" && d != device {
		return "", fmt.Errorf("Invalid device name %s", d)
	}
	if name := args["path"]; name != "" {
		if _, err := path(name); err != nil {
			return "", err
		}
	}
	var b strings.Builder
	s := h.server.Storage()
	for i, name := range hardware.Paths {
		if only := args["path"]; only != "" && only != name {
			continue
		}
		state := "active"
		switch {
		case s.Paths[i].Off:
			state = "off"
		case s.Path(i) != hardware.Reached:
			state = "dead"
		}
		adapter, _, _ := strings.Cut(name, ":")
		fmt.Fprintf(&b, "%s-%s\n   Runtime Name: %s\n   Device: %s\n   Device Display Name: Shared disk of the lab\n   Adapter: %s\n   Channel: 0\n   Target: 0\n   LUN: 0\n   Plugin: NMP\n   State: %s\n   Transport: iscsi\n\n",
			adapter, device, name, device, adapter, state)
	}
	return b.String(), nil
}

// listDevices shows the shared disk with its state as vSphere Storage, "Check the Connection Status of a Storage Device",
// describes it: dead while all paths are down, not connected when it is lost for good, and degraded with one path left.
func listDevices(h *Host, args map[string]string) (string, error) {
	if d := args["device"]; d != "" && d != h.LUN {
		return "", fmt.Errorf("Unable to find device with name %s", d)
	}
	s := h.server.Storage()
	status := "on"
	switch {
	case s.LUN() == hardware.DeviceLost:
		status = "not connected"
	case s.LUN() == hardware.AllDown:
		status = "dead"
	case s.Path(0) != hardware.Reached || s.Path(1) != hardware.Reached:
		status = "degraded"
	}
	return fmt.Sprintf("%s\n   Display Name: Shared disk of the lab\n   Device Type: Direct-Access\n   Multipath Plugin: NMP\n   Devfs Path: /vmfs/devices/disks/%s\n   Status: %s\n   Is Local: false\n   Is Offline: false\n\n", h.LUN, h.LUN, status), nil
}

// rescan finds nothing that was not there: a lost disk is back as soon as its error is taken away.
func rescan(_ *Host, args map[string]string) (string, error) {
	if args["all"] == "" && args["adapter"] == "" {
		return "", fmt.Errorf("Must specify either --all or --adapter")
	}
	return "", nil
}

func setPath(h *Host, args map[string]string) (string, error) {
	i, err := path(args["path"])
	if err != nil {
		return "", err
	}
	state := args["state"]
	if state != "active" && state != "off" {
		return "", fmt.Errorf("Invalid state %q: it must be active or off", state)
	}
	h.server.SetStorage(cause, func(s *hardware.Storage) { s.Paths[i].Off = state == "off" })
	return "", nil
}

// setDevice refuses to detach the shared disk: ESXi does not detach a device that a datastore is on (vSphere Storage, "Detach
// Storage Devices").
func setDevice(h *Host, args map[string]string) (string, error) {
	switch {
	case args["device"] != h.LUN:
		return "", fmt.Errorf("Unable to set device's status. Error was: No such device: %s", args["device"])
	case args["state"] == "off":
		return "", fmt.Errorf("Unable to set device's status to off. Error was: Unable to change device state, the device is marked as 'busy' by the VMkernel.: Busy")
	}
	return "", nil
}

// nfsClient is the rule set that lets ESXi's NFS client out (vSphere Security, "NFS Client Firewall Behavior").
const nfsClient = "nfsClient"

func setRuleset(h *Host, args map[string]string) (string, error) {
	if name := args["ruleset-id"]; name != nfsClient {
		return "", fmt.Errorf("Ruleset %s does not exist", name)
	}
	on, err := strconv.ParseBool(args["enabled"])
	if err != nil {
		return "", fmt.Errorf("Error: Invalid value for --enabled|-e: %q, expected true or false", args["enabled"])
	}
	h.server.SetStorage(cause, func(s *hardware.Storage) { s.NFSBlocked = !on })
	return "", nil
}

func listRulesets(h *Host, _ map[string]string) (string, error) {
	return fmt.Sprintf("%-9s  %-7s\n%-9s  %-7s\n%-9s  %-7t\n", "Name", "Enabled", "---------", "-------", nfsClient, !h.server.Storage().NFSBlocked), nil
}

// The nodes of VMware's system information shell by which commands on a path are made to fail. VMware's own tests of its
// container storage driver inject all paths down with code 0x000100, host status "no connect" (kubernetes-sigs,
// vsphere-csi-driver, tests/e2e); that sense data stands in the upper bytes is an assumption.
const (
	injectNode = "/reliability/vmkstress/ScsiPathInjectError"
	pathsNode  = "/storage/scsifw/paths/"
	errorNode  = "/injectError"
)

// vsish runs "vsish -e set NODE VALUE" and "vsish -e get NODE".
func (h *Host) vsish(args []string) (string, error) {
	if len(args) < 3 || args[0] != "-e" || args[1] == "set" && len(args) != 4 || args[1] != "set" && args[1] != "get" {
		return "", fmt.Errorf("vsish: only -e set NODE VALUE and -e get NODE are known here")
	}
	node := args[2]
	name, isError := strings.CutSuffix(strings.TrimPrefix(node, pathsNode), errorNode)
	i, err := path(name)
	isPath := err == nil && isError && strings.HasPrefix(node, pathsNode)
	if !isPath && node != injectNode {
		return "", fmt.Errorf("VSISHCmdGetNodeInternal():Can't find node %s", node)
	}
	if args[1] == "get" {
		s := h.server.Storage()
		if isPath {
			return fmt.Sprintf("%#x\n", s.Paths[i].Error), nil
		}
		return fmt.Sprintf("Vmkernel Config Option {\n   Default value:0\n   Current value:%d\n}\n", map[bool]int{true: 1}[s.Inject]), nil
	}
	value, err := strconv.ParseUint(args[3], 0, 64)
	if err != nil {
		return "", fmt.Errorf("VSISHCmdSetInternal():Set failed: %s is no number", args[3])
	}
	h.server.SetStorage("vsish", func(s *hardware.Storage) {
		if isPath {
			s.Paths[i].Error = value
		} else {
			s.Inject = value != 0
		}
	})
	return "", nil
}
