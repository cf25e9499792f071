"""Runs a lab's OpenStack services: python -m vsphere_ha_lab.launcher LAB.json

LAB.json: dir (the services' state), node (the compute node's root folder), logs, seed (databases to start from),
address, region, tls (ca, cert, key: files), passwords (admin, service, broker).

One process imports what the services have in common and forks a child for each, so that the common part is imported,
and held in memory, once. It stays as their parent: it ends them when it is told to end, and keeps
`<dir>/services.json` true ({name: {pid, exit}}; exit is null while the service runs).
"""
import ctypes
import functools
import gc
import importlib
import json
import os
import pathlib
import signal
import socket
import sys
import time

from vsphere_ha_lab import configure
from vsphere_ha_lab import databases
from vsphere_ha_lab import transactions

# The ports each service is documented with.
APIS = {
    'keystone': ('keystone.wsgi.api', 5000),
    'placement': ('placement.wsgi.api', 8778),
    'glance': ('glance.wsgi.api', 9292),
    'neutron': ('neutron.wsgi.api', 9696),
    'nova-api': ('nova.wsgi.osapi_compute', 8774),
}
COMMON = ('alembic', 'cheroot.wsgi', 'cheroot.ssl.builtin', 'cryptography.fernet', 'jsonschema',
          'keystoneauth1.loading', 'keystonemiddleware.auth_token', 'oslo_cache', 'oslo_concurrency.processutils',
          'oslo_config.cfg', 'oslo_db.sqlalchemy.enginefacade', 'oslo_log.log', 'oslo_messaging',
          'oslo_messaging._drivers.impl_rabbit', 'oslo_middleware', 'oslo_policy.policy', 'oslo_reports.guru_meditation_report',
          'oslo_service.service', 'oslo_versionedobjects.base', 'paste.deploy', 'requests', 'routes', 'sqlalchemy.orm',
          'stevedore.named', 'webob')
NOVA = ('nova.api.openstack.compute.routes', 'nova.conductor.manager', 'nova.scheduler.manager', 'nova.service')
STOP_SECONDS = 10
LISTEN_DESCRIPTOR = 3


def forbid_eventlet():
    """Chooses threads before anything imports eventlet: nova refuses to run with threads after that."""
    os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = 'yes'
    from nova import monkey_patch
    monkey_patch.patch(backend='threading')


def plain_application(module):
    return importlib.import_module(module).application


def neutron_application(module):
    # It imports eventlet for names alone and runs on threads like the others.
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != 'PoisonEventletImport']
    application = importlib.import_module(module).application
    # The first request that writes would load the policy; another one at that moment would find no rule and be refused.
    from neutron import policy
    policy.init()
    return application


def listen(address, port):
    try:
        return socket.create_server((address, port), backlog=128)
    except OSError as e:
        sys.exit(f'cannot listen on {address}:{port}: {e.strerror}')


class RequestBody:
    """The input of one request, with the methods that PEP 3333 gives it and no close(): glance closes what it read an
    image from, and the connection's next request would be lost with it.
    """

    def __init__(self, stream):
        self.read = stream.read
        self.readline = stream.readline
        self.readlines = stream.readlines

    def __iter__(self):
        return iter(self.readline, b'')


def keep_input_open(application):
    def serve(environ, start_response):
        environ['wsgi.input'] = RequestBody(environ['wsgi.input'])
        return application(environ, start_response)
    return serve


def serve_api(lab, module, address):
    """One WSGI application over HTTPS, on the socket that the launcher opened."""
    from cheroot import wsgi
    from cheroot.ssl.builtin import BuiltinSSLAdapter
    sys.argv = [module]
    load_application = neutron_application if module.startswith('neutron') else plain_application
    application = load_application(module)
    server = wsgi.Server(address, keep_input_open(application), numthreads=8, timeout=600)
    server.ssl_adapter = BuiltinSSLAdapter(lab['tls']['cert'], lab['tls']['key'])
    server.start()


def nova_arguments(lab, program):
    return [program, '--config-file', f"{lab['dir']}/etc/nova/nova.conf"]


def serve_nova(lab, module):
    """A nova service in this very process, as nova-compute always runs: nova would fork a worker."""
    from nova import service
    service.serve = functools.partial(service.serve, no_fork=True)
    sys.argv = nova_arguments(lab, module)
    importlib.import_module(module).main()


class Launcher:

    def __init__(self, lab):
        self.lab = lab
        # All listen before any is served: whoever calls another service that is still loading waits for it.
        self.listeners = {name: listen(lab['address'], port) for name, (_, port) in APIS.items()}
        self.children = {}
        self.exits = {}

    def fork(self, name, target, *arguments):
        # Objects made so far are left out of collections, which would copy the pages they share.
        gc.freeze()
        child = os.fork()
        if child == 0:
            try:
                self.become(name)
                target(self.lab, *arguments)
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                sys.stderr.flush()
                os._exit(1)
        self.children[child] = name
        self.write()

    def fork_api(self, name):
        module, port = APIS[name]
        self.fork(name, serve_api, module, (self.lab['address'], port))
        # A service that died must refuse connections, not leave them waiting.
        self.listeners.pop(name).close()

    def become(self, name):
        """Makes the child a service of its own: its log, and an end when the launcher ends."""
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        log = os.open(f"{self.lab['logs']}/{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        own = self.listeners[name].detach() if name in self.listeners else None
        for listener in self.listeners.values():
            listener.close()
        if own is not None:
            # Passed the way systemd does, which the WSGI server understands: descriptor 3.
            os.dup2(own, LISTEN_DESCRIPTOR)
            os.environ['LISTEN_PID'] = str(os.getpid())
        gc.enable()

    def write(self):
        services = {name: {'pid': pid, 'exit': self.exits.get(name)} for pid, name in self.children.items()}
        path = pathlib.Path(self.lab['dir']) / 'services.json'
        configure.write_private(path.with_suffix('.new'), json.dumps(services))
        os.replace(path.with_suffix('.new'), path)

    def watch(self):
        """Notes each service that ends, until there is none left."""
        while len(self.exits) < len(self.children):
            pid, status = os.wait()
            if pid in self.children:
                self.exits[self.children[pid]] = os.waitstatus_to_exitcode(status)
                self.write()

    def stop(self, *_):
        """Ends every service; what does not end in time is killed."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        running = [pid for pid, name in self.children.items() if name not in self.exits]
        for pid in running:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while running and time.monotonic() < deadline:
            running = [pid for pid in running if os.waitpid(pid, os.WNOHANG)[0] == 0]
            time.sleep(0.05)
        for pid in running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os._exit(0)


def load(modules):
    for module in modules:
        importlib.import_module(module)


def main(path):
    lab = json.loads(pathlib.Path(path).read_text())
    os.umask(0o077)  # databases hold passwords too
    configure.configure(lab)
    databases.prepare(lab)
    os.environ.update(configure.environment(lab))
    gc.disable()
    forbid_eventlet()
    transactions.use_immediate_writes()
    launcher = Launcher(lab)
    signal.signal(signal.SIGTERM, launcher.stop)
    signal.signal(signal.SIGINT, launcher.stop)
    load(COMMON)
    for name in ('keystone', 'neutron', 'glance', 'placement'):
        launcher.fork_api(name)
    # nova registers options that the other services must not see: they are forked already.
    # Some of them read their configuration when they are imported.
    from nova import config
    config.parse_args(nova_arguments(lab, 'nova'))
    load(NOVA)
    config.CONF.reset()
    launcher.fork('nova-conductor', serve_nova, 'nova.cmd.conductor')
    launcher.fork('nova-scheduler', serve_nova, 'nova.cmd.scheduler')
    launcher.fork_api('nova-api')
    launcher.watch()


if __name__ == '__main__':
    main(sys.argv[1])
