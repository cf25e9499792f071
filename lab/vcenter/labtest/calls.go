package labtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"vsphere-ha/lab/vcenter/callrecord"
)

// KeepCallsVar names a folder in which the logs of calls of all labs are kept, for the record of calls.
const KeepCallsVar = "VSPHERE_HA_KEEP_CALLS"

// examineCalls fails a test in which a client met a call that the lab does not know, or broke at.
func (l *Lab) examineCalls() {
	log := filepath.Join(l.Config.DataDir, callrecord.File)
	unanswered, err := callrecord.Unanswered(log)
	if err != nil {
		l.T.Error(err)
	}
	if !l.asksAnything {
		for _, e := range unanswered {
			l.T.Errorf("a call was not answered: %v", e)
		}
	}
	if dir := os.Getenv(KeepCallsVar); dir != "" {
		text, err := os.ReadFile(log)
		if err == nil {
			name := strings.ReplaceAll(l.T.Name(), "/", "-") + "-" + strings.ReplaceAll(l.Config.Listen, ":", "-")
			err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s.jsonl", name)), text, 0o600)
		}
		if err != nil {
			l.T.Error(err)
		}
	}
}

// AsksAnything is for tests that send what no client sends.
func (l *Lab) AsksAnything() { l.asksAnything = true }
