"""The service manager of the lab's compute node: what a client uses of systemctl(1), for unit files below one folder.

systemctl.py --root FOLDER enable [--now]|disable [--now]|start|stop|restart|is-active|is-enabled|status [--lines N] UNIT…
systemctl.py --root FOLDER daemon-reload

It reads ExecStart, Environment, Restart, RestartSec and TimeoutStopSec of FOLDER/etc/systemd/system/NAME@.service, keeps
what it starts running as systemd does, and writes a service's output to FOLDER/var/log/NAME.log. Exit codes and the words
on standard output are systemctl's.
"""
import argparse
import contextlib
import ctypes
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time

NOT_ACTIVE, NOT_FOUND, FAILED = 3, 5, 1
DEFAULTS = {'Restart': 'no', 'RestartSec': '0.1', 'TimeoutStopSec': '90'}
# systemd's own limits (systemd-system.conf(5): DefaultStartLimitIntervalSec, DefaultStartLimitBurst)
START_LIMIT_SECONDS, START_LIMIT_BURST = 10, 5


class Unit:

    def __init__(self, root, name):
        self.root = root
        self.name = name if name.endswith('.service') else f'{name}.service'
        prefix, at, rest = self.name.partition('@')
        self.instance = rest.removesuffix('.service') if at else ''
        system = root / 'etc/systemd/system'
        self.file = system / (f'{prefix}@.service' if at else self.name)
        self.wanted = system / 'multi-user.target.wants' / self.name
        self.pid_file = root / 'run' / f'{self.name}.pid'
        self.failed_file = root / 'run' / f'{self.name}.failed'
        self.log = root / 'var/log' / f'{self.name.removesuffix(".service")}.log'

    def exists(self):
        return self.file.is_file() and bool(self.instance) == ('@.' in self.file.name)

    def settings(self):
        """The [Service] section; a name that is given twice keeps both values, one a line."""
        found, section = dict(DEFAULTS), ''
        given = {}
        for line in self.file.read_text().splitlines():
            line = line.strip()
            if line.startswith('['):
                section = line
            elif section == '[Service]' and '=' in line and not line.startswith('#'):
                name, value = line.split('=', 1)
                given.setdefault(name.strip(), []).append(value.strip().replace('%i', self.instance).replace('%I', self.instance))
        found.update({name: '\n'.join(values) for name, values in given.items()})
        return found

    def runner(self):
        """The process that keeps the service running, or None."""
        try:
            pid = int(self.pid_file.read_text())
            command = pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().split(b'\0')
        except (OSError, ValueError):
            return None
        return pid if self.name.encode() in command and b'run' in command else None

    def state(self):
        if self.runner():
            return 'active'
        return 'failed' if self.failed_file.exists() else 'inactive'


def start(unit):
    if unit.runner():
        return
    unit.failed_file.unlink(missing_ok=True)
    for file in (unit.pid_file, unit.log):
        file.parent.mkdir(parents=True, exist_ok=True)
    # The new session outlives the one of the client that asked for it.
    runner = subprocess.Popen([sys.executable, __file__, '--root', str(unit.root), 'run', unit.name],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              start_new_session=True, cwd=unit.root)
    unit.pid_file.write_text(str(runner.pid))


def stop(unit):
    pid = unit.runner()
    if pid:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + float(unit.settings()['TimeoutStopSec']) + 5
        while unit.runner() and time.monotonic() < deadline:
            time.sleep(0.05)
    unit.pid_file.unlink(missing_ok=True)
    unit.failed_file.unlink(missing_ok=True)


def run(unit):
    """Runs the service in the foreground and again when it fails; ends it on SIGTERM."""
    settings = unit.settings()
    ended, service = False, None

    def send(number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(service.pid, number)

    def end(*_):
        nonlocal ended
        ended = True
        if service:
            send(signal.SIGTERM)
            signal.setitimer(signal.ITIMER_REAL, float(settings['TimeoutStopSec']))

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGALRM, lambda *_: send(signal.SIGKILL))
    environment = dict(os.environ)
    for line in settings.get('Environment', '').splitlines():
        environment.update(pair.split('=', 1) for pair in shlex.split(line))
    starts = []
    while not ended:
        starts = [t for t in starts if t > time.monotonic() - START_LIMIT_SECONDS] + [time.monotonic()]
        with open(os.open(unit.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 'a') as log:
            service = subprocess.Popen(shlex.split(settings['ExecStart']), stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log, env=environment, process_group=0, preexec_fn=end_with_parent)
        if ended:
            end()  # asked to end while it was starting
        code = service.wait()
        if ended:
            return
        again = settings['Restart'] == 'always' or settings['Restart'] == 'on-failure' and code != 0
        if not again or len(starts) >= START_LIMIT_BURST:
            if code != 0:
                unit.failed_file.write_text(f'{code}\n')
            return
        time.sleep(float(settings['RestartSec']))


def end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def enable(unit):
    unit.wanted.parent.mkdir(parents=True, exist_ok=True)
    if not unit.wanted.is_symlink():
        unit.wanted.symlink_to(unit.file)


def disable(unit):
    unit.wanted.unlink(missing_ok=True)


def status(unit, lines):
    print(f'{unit.name}\n     Active: {unit.state()}\n     Loaded: loaded ({unit.file};'
          f' {"enabled" if unit.wanted.is_symlink() else "disabled"})')
    if unit.log.exists() and lines > 0:
        print('\n' + '\n'.join(unit.log.read_text(errors='replace').splitlines()[-lines:]))


def command(verb, units, now, quiet, lines):
    if verb == 'daemon-reload':
        return 0  # unit files are read anew each time
    if not units:
        print('Too few arguments.', file=sys.stderr)
        return FAILED
    missing = [unit for unit in units if not unit.exists()]
    if missing and verb in ('is-active', 'is-enabled'):
        print('inactive' if verb == 'is-active' else 'not-found')
        return NOT_ACTIVE if verb == 'is-active' else 4
    if missing:
        print(f'Failed to {verb} {missing[0].name}: Unit {missing[0].name} not found.', file=sys.stderr)
        return NOT_FOUND
    code = 0
    for unit in units:
        if verb in ('enable', 'disable'):
            {'enable': enable, 'disable': disable}[verb](unit)
            if now:
                {'enable': start, 'disable': stop}[verb](unit)
        elif verb == 'restart':
            stop(unit)
            start(unit)
        elif verb in ('start', 'stop', 'run'):
            {'start': start, 'stop': stop, 'run': run}[verb](unit)
        elif verb in ('is-active', 'is-enabled'):
            word = unit.state() if verb == 'is-active' else 'enabled' if unit.wanted.is_symlink() else 'disabled'
            if not quiet:
                print(word)
            code = code or (0 if word in ('active', 'enabled') else NOT_ACTIVE if verb == 'is-active' else FAILED)
        elif verb == 'status':
            status(unit, lines)
            code = code or (0 if unit.state() == 'active' else NOT_ACTIVE)
    return code


VERBS = ('enable', 'disable', 'start', 'stop', 'restart', 'is-active', 'is-enabled', 'status', 'daemon-reload', 'run')


def main():
    parser = argparse.ArgumentParser(prog='systemctl')
    parser.add_argument('--root', type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument('--now', action='store_true')
    parser.add_argument('--quiet', '-q', action='store_true')
    parser.add_argument('--no-pager', action='store_true')
    parser.add_argument('--full', '-l', action='store_true')  # lines are never cut here
    parser.add_argument('--lines', '-n', type=int, default=10)
    parser.add_argument('verb', choices=VERBS)
    parser.add_argument('units', nargs='*')
    options = parser.parse_intermixed_args()
    units = [Unit(options.root, name) for name in options.units]
    sys.exit(command(options.verb, units, options.now, options.quiet, options.lines))


if __name__ == '__main__':
    main()
