package esxi

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"vsphere-ha/lab/vcenter/hardware"
)

// parameter of an esxcli command, as ESXCLI Reference ("esxcli network Commands") lists it.
type parameter struct {
	long, short string
	required    bool
	help        string
	flag        bool // takes no value
}

func (p parameter) names() string { return "--" + p.long + "|-" + p.short }

// cli is one command: its words, its parameters, and what it does.
type cli struct {
	words      string
	parameters []parameter
	run        func(h *Host, args map[string]string) (string, error)
}

const cause = "esxcli"

var commands = []cli{
	{"network ip interface list", nil, listInterfaces},
	{"network ip interface set", []parameter{
		{"enabled", "e", false, "Set to true to enable the interface, set to false to disable it.", false},
		{"interface-name", "i", true, "The name of the interface to apply the configurations.", false},
	}, setInterface},
	{"network nic list", nil, listNICs},
	{"network nic down", []parameter{{"nic-name", "n", true, "The name of the NIC to be configured.", false}}, setLink(false)},
	{"network nic up", []parameter{{"nic-name", "n", true, "The name of the NIC to be configured.", false}}, setLink(true)},
	{"network vswitch standard list", nil, listSwitches},
	{"network vswitch standard uplink add", uplinkParameters, setUplink(true)},
	{"network vswitch standard uplink remove", uplinkParameters, setUplink(false)},
}

var uplinkParameters = []parameter{
	{"uplink-name", "u", true, "The name of the uplink to work on.", false},
	{"vswitch-name", "v", true, "The name of the vswitch to apply the configurations.", false},
}

// esxcli runs one command; errors go to standard output with exit code 1, as those of the real one do.
func (h *Host) esxcli(args []string, out io.Writer) int {
	words := 0
	for words < len(args) && !strings.HasPrefix(args[words], "-") {
		words++
	}
	name := strings.Join(args[:words], " ")
	all := slices.Concat(commands, storageCommands)
	i := slices.IndexFunc(all, func(c cli) bool { return c.words == name })
	if i < 0 {
		fmt.Fprintf(out, "Error: Unknown command or namespace %s\n", name)
		return 1
	}
	c := all[i]
	values, err := c.read(args[words:])
	if err != nil {
		fmt.Fprintf(out, "Error: %v\n\n%s", err, c.usage())
		return 1
	}
	text, err := c.run(h, values)
	if err != nil {
		fmt.Fprintf(out, "%v\n", err)
		return 1
	}
	fmt.Fprint(out, text)
	return 0
}

// read takes --name=value, --name value and -n value.
func (c cli) read(args []string) (map[string]string, error) {
	values := map[string]string{}
	for len(args) > 0 {
		name, value, given := strings.Cut(args[0], "=")
		args = args[1:]
		i := slices.IndexFunc(c.parameters, func(p parameter) bool { return name == "--"+p.long || name == "-"+p.short })
		if i < 0 {
			return nil, fmt.Errorf("Invalid option %s", name)
		}
		if !given && i >= 0 && c.parameters[i].flag {
			value, given = "true", true
		}
		if !given {
			if len(args) == 0 {
				return nil, fmt.Errorf("Invalid or missing value for option %s", name)
			}
			value, args = args[0], args[1:]
		}
		values[c.parameters[i].long] = value
	}
	for _, p := range c.parameters {
		if _, ok := values[p.long]; p.required && !ok {
			return nil, fmt.Errorf("Missing required parameter %s", p.names())
		}
	}
	return values, nil
}

func (c cli) usage() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: esxcli %s [cmd options]\n\nCmd options:\n", c.words)
	for _, p := range c.parameters {
		value := "=<str>"
		if p.flag {
			value = ""
		}
		fmt.Fprintf(&b, "  -%s|--%s%s  %s\n", p.short, p.long, value, p.help)
	}
	return b.String()
}

func setInterface(h *Host, args map[string]string) (string, error) {
	if name := args["interface-name"]; name != "vmk0" {
		return "", fmt.Errorf("Invalid interface name: %s", name)
	}
	on := strings.ToLower(args["enabled"])
	if on != "true" && on != "false" {
		return "", fmt.Errorf("Error: Invalid value for --enabled|-e: %q, expected true or false", args["enabled"])
	}
	h.server.SetManagement(cause, func(m *hardware.Management) { m.Interface = on == "true" })
	return "", nil
}

func adapter(name string) (int, error) {
	i := slices.Index(hardware.Adapters[:], name)
	if i < 0 {
		return 0, fmt.Errorf("Unable to find NIC %s: Not found", name)
	}
	return i, nil
}

func setLink(up bool) func(*Host, map[string]string) (string, error) {
	return func(h *Host, args map[string]string) (string, error) {
		i, err := adapter(args["nic-name"])
		if err == nil {
			h.server.SetManagement(cause, func(m *hardware.Management) { m.Link[i] = up })
		}
		return "", err
	}
}

func setUplink(on bool) func(*Host, map[string]string) (string, error) {
	return func(h *Host, args map[string]string) (string, error) {
		if name := args["vswitch-name"]; name != "vSwitch0" {
			return "", fmt.Errorf("Unable to find vswitch %s: Not found", name)
		}
		i, err := adapter(args["uplink-name"])
		if err != nil {
			return "", err
		}
		if h.server.Management().Uplink[i] == on {
			if on {
				return "", fmt.Errorf("Uplink already exists: %s", args["uplink-name"])
			}
			return "", fmt.Errorf("No such uplink: %s", args["uplink-name"])
		}
		h.server.SetManagement(cause, func(m *hardware.Management) { m.Uplink[i] = on })
		return "", nil
	}
}

func listInterfaces(h *Host, _ map[string]string) (string, error) {
	return fmt.Sprintf("vmk0\n   Name: vmk0\n   Enabled: %t\n   Portset: vSwitch0\n   Portgroup: Management Network\n   Netstack Instance: defaultTcpipStack\n   MTU: 1500\n",
		h.server.Management().Interface), nil
}

func listNICs(h *Host, _ map[string]string) (string, error) {
	var b strings.Builder
	const row = "%-6s  %-12s  %-6s  %-12s  %-11s  %5s  %-6s\n"
	fmt.Fprintf(&b, row, "Name", "PCI Device", "Driver", "Admin Status", "Link Status", "Speed", "Duplex")
	fmt.Fprintf(&b, row, "------", "------------", "------", "------------", "-----------", "-----", "------")
	m := h.server.Management()
	for i, name := range hardware.Adapters {
		state, speed, duplex := "Up", "10000", "Full"
		if !m.Link[i] {
			state, speed, duplex = "Down", "0", "Half"
		}
		fmt.Fprintf(&b, row, name, fmt.Sprintf("0000:02:0%d.0", i), "nvmxnet3", state, state, speed, duplex)
	}
	return b.String(), nil
}

func listSwitches(h *Host, _ map[string]string) (string, error) {
	return fmt.Sprintf("vSwitch0\n   Name: vSwitch0\n   Class: cswitch\n   MTU: 1500\n   Uplinks: %s\n   Portgroups: VM Network, Management Network\n",
		strings.Join(h.server.Management().Uplinks(), ", ")), nil
}
