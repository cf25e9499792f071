package callrecord

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// Client is a program that calls vCenter. Agent tells its calls from those of others in the same log.
type Client struct {
	Name, Title string
	Agent       *regexp.Regexp
}

// Clients are those on record. The provider's library is too old to name itself; oslo.vmware, and nova with it, are known by
// the library that they send with.
var Clients = []Client{
	{"pulumi", "built Pulumi provider", regexp.MustCompile(`^Go-http-client`)},
	{"terraform", "tests of the Terraform provider", regexp.MustCompile(`^Go-http-client`)},
	{"verifier", "verifier", regexp.MustCompile(`^vsphere-ha/`)},
	{"nova", "nova", regexp.MustCompile(`^[Pp]ython`)},
	{"oslo", "oslo.vmware", regexp.MustCompile(`^[Pp]ython`)},
	{"pyvmomi", "pyVmomi", regexp.MustCompile(`^pyvmomi`)},
	{"govmomi", "govmomi", regexp.MustCompile(`\bgovmomi/`)},
}

// Record is, for each client and call, how the call was answered.
type Record map[string]map[string][]string

// Path is where the record of this checkout is.
func Path() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "record.json")
}

// Load reads a record.
func Load(path string) (Record, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := Record{}
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Save writes it.
func (r Record) Save(path string) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o644)
}

// Add adds what a log has of one client; entries of other clients do not count.
func (r Record) Add(client string, entries []Entry) error {
	i := slices.IndexFunc(Clients, func(c Client) bool { return c.Name == client })
	if i < 0 {
		return fmt.Errorf("%q is no client; known are %s", client, strings.Join(names(), ", "))
	}
	if r[client] == nil {
		r[client] = map[string][]string{}
	}
	made := r[client]
	for _, e := range entries {
		if Clients[i].Agent.MatchString(e.Agent) && !slices.Contains(made[e.Call], e.Answer) {
			made[e.Call] = append(made[e.Call], e.Answer)
			slices.Sort(made[e.Call])
		}
	}
	if len(made) == 0 {
		return fmt.Errorf("%s: no call of it is in the log", client)
	}
	return nil
}

func names() (list []string) {
	for _, c := range Clients {
		list = append(list, c.Name)
	}
	return list
}

// ReadAll reads a log, or every log of a folder.
func ReadAll(path string) ([]Entry, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return Read(path)
	}
	files, err := filepath.Glob(filepath.Join(path, "*.jsonl"))
	if err == nil && len(files) == 0 {
		err = errors.New(path + ": there is no log in this folder")
	}
	var all []Entry
	for _, f := range files {
		entries, bad := Read(f)
		all, err = append(all, entries...), errors.Join(err, bad)
	}
	return all, err
}

// Table shows, in Markdown, who makes each call and how it is answered: a dot for an answer, and the faults there were.
func (r Record) Table() string {
	made := map[string]bool{}
	for _, calls := range r {
		for call := range calls {
			made[call] = true
		}
	}
	var b strings.Builder
	b.WriteString("| call |")
	for _, c := range Clients {
		fmt.Fprintf(&b, " %s |", c.Title)
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(Clients)) + "\n")
	for _, call := range slices.Sorted(maps.Keys(made)) {
		fmt.Fprintf(&b, "| %s |", strings.ReplaceAll(call, "|", `\|`))
		for _, c := range Clients {
			fmt.Fprintf(&b, " %s |", strings.ReplaceAll(strings.Join(r[c.Name][call], ", "), Answered, "●"))
		}
		b.WriteString("\n")
	}
	b.WriteString("| **all** |")
	for _, c := range Clients {
		fmt.Fprintf(&b, " %d |", len(r[c.Name]))
	}
	b.WriteString("\n")
	return b.String()
}
