package guest

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// load is what a program uses while it runs.
type load struct {
	workers  int  // that use a processor each
	every    bool // one worker for each processor instead
	share    float64
	memoryMB float64 // of workers that touch memory, each of which fills a processor too
	fillers  int
	diskKBps float64
}

func (l load) use(cpus float64) Use {
	workers := float64(l.workers)
	if l.every {
		workers = cpus
	}
	return Use{CPUs: workers*l.share + float64(l.fillers), ActiveMB: l.memoryMB, DiskKBps: l.diskKBps}
}

// stressFor is how long stress-ng runs where nothing else is said (stress-ng(1), --timeout).
const stressFor = 24 * time.Hour

// stressHDDKBps is what one --hdd worker writes (an assumption).
const stressHDDKBps = 40 << 10

// shortOptions are the short forms of the options of stress-ng(1) that the lab follows.
var shortOptions = map[string]string{
	"-c": "--cpu", "-l": "--cpu-load", "-m": "--vm", "-d": "--hdd", "-t": "--timeout", "-q": "--quiet", "-v": "--verbose",
}

// stress collects the options of one call.
type stress struct {
	load
	cpu   bool
	vms   int
	perVM float64 // MB
	hdds  int
	runs  time.Duration
}

// parseStress reads the arguments of stress-ng; wrong ones end it with exit code 1.
func parseStress(words []string, memoryMB int) program {
	s := stress{load: load{share: 1}, perVM: 256, runs: stressFor}
	for at := 0; at < len(words); at++ {
		option, value, joined := strings.Cut(words[at], "=")
		if long := shortOptions[option]; long != "" {
			option = long
		}
		if option == "--quiet" || option == "--verbose" || option == "--metrics-brief" {
			continue
		}
		if !joined {
			if at++; at >= len(words) {
				return program{exit: 1}
			}
			value = words[at]
		}
		if !s.set(option, value, memoryMB) {
			return program{exit: 1}
		}
	}
	if !s.cpu {
		s.workers, s.every, s.share = 0, false, 0
	}
	s.memoryMB, s.fillers, s.diskKBps = float64(s.vms)*s.perVM, s.vms, float64(s.hdds)*stressHDDKBps
	return program{load: s.load, runs: s.runs}
}

func (s *stress) set(option, value string, memoryMB int) (ok bool) {
	if option == "--vm-bytes" {
		s.perVM, ok = stressBytes(value, memoryMB)
		return ok
	}
	if option == "--timeout" {
		if s.runs, ok = duration(value); s.runs == 0 {
			s.runs = stressFor
		}
		return ok
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > 4096 {
		return false
	}
	switch option {
	case "--cpu":
		s.cpu, s.workers, s.every = true, n, n == 0
	case "--cpu-load":
		s.share = float64(n) / 100
		return n <= 100
	case "--vm":
		s.vms = n
	case "--hdd":
		s.hdds = n
	default:
		return false
	}
	return true
}

var sized = regexp.MustCompile(`^(\d{1,12})([bkmg%]?)$`)

// stressBytes reads a size and returns MB; a percentage is of the machine's memory.
func stressBytes(s string, memoryMB int) (float64, bool) {
	m := sized.FindStringSubmatch(strings.ToLower(s))
	if m == nil {
		return 0, false
	}
	n, _ := strconv.ParseFloat(m[1], 64)
	if m[2] == "%" {
		return n * float64(memoryMB) / 100, n <= 100
	}
	return n * map[string]float64{"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[m[2]] / (1 << 20), true
}

var timed = regexp.MustCompile(`^(\d{1,6})([smhd]?)$`)

// duration reads seconds, or a number with a unit.
func duration(s string) (time.Duration, bool) {
	m := timed.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n, _ := strconv.Atoi(m[1])
	return time.Duration(n) * map[string]time.Duration{"": time.Second, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[2]], true
}
