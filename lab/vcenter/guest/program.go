package guest

import (
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// effect is what a program does to its guest beside using it.
type effect int

const (
	nothing effect = iota
	crash
	hang
	freeze
	stopTools
	startTools
	muteTools
	stopService
	startService
	reboot
	enableApp
	disableApp
	markApp
	appOK
	appNeedsReset
)

// program is what a command line comes to.
type program struct {
	load   load
	runs   time.Duration
	effect effect
	exit   int32
}

// errNoProgram tells that the guest has no such file.
var errNoProgram = errors.New("the guest has no such program")

// parseProgram understands a command line as the guest's own system would, for the programs that a site loads, hangs or
// crashes a guest with. Anything else is not there, or fails as an unknown command of a shell does (exit code 127, on
// Windows 1).
func parseProgram(family, file, arguments string, memoryMB int) (program, error) {
	windows := family == "windowsGuest"
	name := path.Base(file)
	if windows {
		name = strings.TrimSuffix(strings.ToLower(path.Base(strings.ReplaceAll(file, `\`, "/"))), ".exe")
	}
	line := strings.TrimSpace(name + " " + arguments)
	shell, known := "", linuxPrograms
	if windows {
		known = windowsPrograms
	}
	switch {
	case !windows && slices.Contains([]string{"sh", "bash", "dash"}, name):
		shell = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(arguments), "-c"))
	case windows && name == "cmd":
		shell = strings.TrimSpace(regexp.MustCompile(`(?i)^/c`).ReplaceAllString(strings.TrimSpace(arguments), ""))
	case !slices.Contains(known, name):
		return program{}, errNoProgram
	}
	if shell != "" {
		line = unquote(shell)
	}
	return parseLine(windows, line, memoryMB), nil
}

// linuxPrograms and windowsPrograms are the files that exist; shells understand more.
var (
	linuxPrograms   = []string{"stress-ng", "vmware-appmonitor", "sleep", "true", "false", "echo", "kill", "pkill", "killall", "service", "reboot"}
	windowsPrograms = []string{"stress-ng", "vmware-appmonitor", "notmyfault", "notmyfaultc", "net", "shutdown"}
)

// commands are command lines that do something to a guest. Sources: Linux, Documentation/admin-guide/sysrq.rst (c crashes,
// b restarts); kill(2) (-1 is every process but init); Sysinternals NotMyFault (crash and hang); the guest SDK of vSphere HA
// Application Monitoring (vmware-appmonitor).
var commands = map[bool][]struct {
	line   *regexp.Regexp
	effect effect
}{
	false: {
		{regexp.MustCompile(`^echo ['"]?c['"]? ?> ?/proc/sysrq-trigger$`), crash},
		{regexp.MustCompile(`^echo ['"]?b['"]? ?> ?/proc/sysrq-trigger$|^reboot( -f)?$`), reboot},
		{regexp.MustCompile(`^echo 1 ?> ?/proc/sys/kernel/sysrq$|^true$|^sync$`), nothing},
		{regexp.MustCompile(`^kill -(STOP|19) -1$`), freeze},
		{regexp.MustCompile(`^(pkill|killall) -(STOP|19) vmtoolsd$`), muteTools},
		{regexp.MustCompile(`^service (open-vm-tools|vmware-tools) stop$`), stopTools},
		{regexp.MustCompile(`^service (open-vm-tools|vmware-tools) start$`), startTools},
		{regexp.MustCompile(`^service ssh stop$`), stopService},
		{regexp.MustCompile(`^service ssh start$`), startService},
	},
	true: {
		{regexp.MustCompile(`^notmyfaultc? [-/]?crash( \S+)?$`), crash},
		{regexp.MustCompile(`^notmyfaultc? [-/]?hang( \S+)?$`), hang},
		{regexp.MustCompile(`^shutdown .*[-/]r`), reboot},
		{regexp.MustCompile(`^net stop "?vmtools"?$`), stopTools},
		{regexp.MustCompile(`^net start "?vmtools"?$`), startTools},
		{regexp.MustCompile(`^net stop "?termservice"?$`), stopService},
		{regexp.MustCompile(`^net start "?termservice"?$`), startService},
	},
}

var appMonitor = map[string]effect{
	"enable": enableApp, "disable": disableApp, "markactive": markApp,
	"postappstate appstateok": appOK, "postappstate appstateneedreset": appNeedsReset,
}

func parseLine(windows bool, line string, memoryMB int) program {
	last := program{}
	for _, statement := range regexp.MustCompile(`;|&&`).Split(line, -1) {
		s := strings.Join(strings.Fields(strings.TrimSuffix(strings.TrimSpace(statement), "&")), " ")
		s = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(s, "nohup "), "sudo "), "exec ")
		if s == "" {
			continue
		}
		p := parseStatement(windows, s, memoryMB)
		if p.effect == nothing && p.runs == 0 && p.exit == 0 && last.effect != nothing {
			continue
		}
		last = p
	}
	return last
}

func parseStatement(windows bool, s string, memoryMB int) program {
	words := strings.Fields(s)
	name, rest := path.Base(words[0]), strings.Join(words[1:], " ")
	if windows {
		s, name, rest = strings.ToLower(s), strings.TrimSuffix(strings.ToLower(name), ".exe"), strings.ToLower(rest)
	}
	s = strings.TrimSpace(name + " " + rest)
	switch name {
	case "stress-ng":
		return parseStress(words[1:], memoryMB)
	case "vmware-appmonitor":
		if e, ok := appMonitor[strings.ToLower(rest)]; ok {
			return program{effect: e}
		}
		return program{exit: 1}
	case "sleep":
		if d, ok := duration(rest); ok {
			return program{runs: d}
		}
		return program{exit: 1}
	case "false":
		return program{exit: 1}
	}
	for _, c := range commands[windows] {
		if c.line.MatchString(s) {
			return program{effect: c.effect}
		}
	}
	if name == "echo" {
		return program{}
	}
	if windows {
		return program{exit: 1}
	}
	return program{exit: 127}
}

func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
