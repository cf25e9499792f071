package guest

import "time"

// When a heartbeat that stopped turns yellow and red. The API names the colours only (ManagedEntityStatus of
// VirtualMachine.guestHeartbeatStatus); the seconds are assumptions.
const (
	YellowAfter = 30 * time.Second
	RedAfter    = 60 * time.Second
)

// AppTimeout is how often a monitored application must say that it is active (vSphere HA Application Monitoring,
// VMGuestAppMonitor_MarkActive).
const AppTimeout = 30 * time.Second

// beats tells whether Tools run and send heartbeats. The caller holds the fleet's lock.
func (i *instance) beats() bool {
	return i.booted && !i.dead && !i.frozen && !i.toolsMuted && !i.toolsStopped && ProfileOf(i.GuestID).ToolsVersion != ""
}

// act lets something happen to a guest. What HA sees of it follows from heartbeats and I/O alone.
func (f *Fleet) act(id string, e effect) {
	if e == nothing {
		return
	}
	if e == reboot {
		f.Restart(id, "guest restarted")
		f.OnChange(id)
		return
	}
	f.mu.Lock()
	i := f.running[id]
	if i == nil || !i.booted && e != crash && e != hang {
		f.mu.Unlock()
		return
	}
	f.change(i, e)
	f.mu.Unlock()
	f.OnChange(id)
}

// change carries out one effect. The caller holds the lock.
func (f *Fleet) change(i *instance, e effect) {
	now := time.Now()
	beating := i.beats()
	switch e {
	case crash, hang:
		i.timer.Stop()
		i.dead, i.crashed = true, e == crash
		f.silence(i, map[effect]string{crash: "guest crashed", hang: "guest hangs"}[e], (*socket).mute)
	case freeze:
		i.frozen = true
		f.silence(i, "guest frozen", (*socket).freeze)
	case muteTools:
		i.toolsMuted = true
	case stopTools, startTools:
		i.toolsStopped = e == stopTools
	case stopService, startService:
		f.setService(i, e == startService, "service")
	default:
		f.changeApp(i, e, now)
	}
	i.account(now)
	f.noteBeat(i, beating, now)
}

// noteBeat remembers when heartbeats stopped, and looks at the guest again when that makes a difference. The caller
// holds the lock.
func (f *Fleet) noteBeat(i *instance, before bool, now time.Time) {
	switch {
	case before && !i.beats():
		i.lastBeat = now
		if i.dead || i.frozen {
			i.lastIO = now
		}
		for _, d := range []time.Duration{YellowAfter, RedAfter} {
			f.clock.AfterFunc(d, func() { f.OnChange(i.ID) })
		}
	case !before && i.beats():
		i.lastBeat, i.lastIO, i.beaten = time.Time{}, time.Time{}, true
	case !before && (i.dead || i.frozen) && i.lastIO.IsZero():
		i.lastIO = now
	}
	f.watch(i)
}

// watch keeps the machines that monitoring has to look at apart: they are few. The caller holds the lock.
func (f *Fleet) watch(i *instance) {
	if f.running[i.ID] == i && (i.app.enabled || i.beaten && !i.beats() && !i.toolsStopped) {
		f.watched[i.ID] = i
	} else {
		delete(f.watched, i.ID)
	}
}

func (f *Fleet) silence(i *instance, cause string, how func(*socket)) {
	if i.socket != nil {
		if !i.silent { // noted first: making the socket silent may take a moment on a busy machine
			f.note(i, "down", cause)
		}
		i.silent = true
		how(i.socket)
	}
}

// app is what an application in the guest told Tools.
type app struct {
	enabled    bool
	marked     time.Time
	needsReset bool
	timer      *time.Timer
}

func (a *app) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

func (f *Fleet) changeApp(i *instance, e effect, now time.Time) {
	switch e {
	case enableApp, markApp:
		if e == markApp && !i.app.enabled {
			return
		}
		i.app.stop()
		i.app.enabled, i.app.marked = true, now
		i.app.timer = f.clock.AfterFunc(AppTimeout, func() { f.OnChange(i.ID) })
	case disableApp:
		i.app.stop()
		i.app = app{}
	case appOK, appNeedsReset:
		i.app.needsReset = e == appNeedsReset
	}
}

// Hang lets a guest stop answering, as a kernel that spins does; its machine stays powered on.
func (f *Fleet) Hang(id string) { f.act(id, hang) }
