"""Makes the databases that every lab starts from: python -m vsphere_ha_lab.seed DIRECTORY

Tables of all services, keystone's projects, users, roles and catalogue, nova's cells. It takes the better part of a
minute and its outcome is the same for every lab, so setup does it once; a lab copies the files and puts its own
passwords and addresses in (see databases.py).
"""
import os
import pathlib
import secrets
import sqlite3
import sys
import tempfile
import uuid

from vsphere_ha_lab import configure
from vsphere_ha_lab.databases import SEED_ADDRESS

SERVICES = (
    # name, type, port and path of its endpoint
    ('keystone', 'identity', '5000/v3'),
    ('glance', 'image', '9292'),
    ('placement', 'placement', '8778'),
    ('nova', 'compute', '8774/v2.1'),
    ('neutron', 'network', '9696'),
)


def run(label, *steps):
    """Runs steps in a child of their own: the services share one global configuration object per process."""
    child = os.fork()
    if child == 0:
        try:
            for step in steps:
                step()
            os._exit(0)
        except SystemExit as e:
            os._exit(e.code if isinstance(e.code, int) else 0 if e.code is None else 1)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    return label, child


def wait(children):
    failed = [label for label, child in children if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0]
    if failed:
        sys.exit(f"seeding failed: {', '.join(failed)} (see above)")


def command(main, *arguments):
    def step():
        sys.argv = list(arguments)
        code = main()()
        if code:
            raise SystemExit(code)
    return step


def keystone(etc):
    from keystone.cmd import bootstrap
    from keystone.cmd import manage
    from keystone.common import provider_api
    sys.argv = ['keystone-manage', '--config-dir', f'{etc}/keystone', 'db_sync']
    manage.main()

    b = bootstrap.Bootstrapper()
    b.region_id = 'RegionOne'
    b.admin_password = secrets.token_urlsafe()
    b.service_name = 'keystone'
    b.admin_role_name = 'admin'
    b.project_name = 'admin'
    b.admin_username = 'admin'
    b.immutable_roles = True
    b.public_url = b.internal_url = b.admin_url = f'https://{SEED_ADDRESS}:5000/v3'
    b.bootstrap()

    apis = provider_api.ProviderAPIs
    project = {'id': uuid.uuid4().hex, 'name': 'service', 'domain_id': 'default', 'enabled': True, 'description': ''}
    apis.resource_api.create_project(project['id'], project)
    user = apis.identity_api.create_user({'name': 'service', 'domain_id': 'default', 'enabled': True,
                                          'password': secrets.token_urlsafe()})
    roles = {role['name']: role['id'] for role in apis.role_api.list_roles()}
    for name in ('admin', 'service'):
        apis.assignment_api.add_role_to_user_and_project(user['id'], project['id'], roles[name])
    for name, kind, path in SERVICES:
        if name == 'keystone':
            continue
        service = uuid.uuid4().hex
        apis.catalog_api.create_service(service, {'id': service, 'type': kind, 'name': name, 'enabled': True})
        for interface in ('public', 'internal', 'admin'):
            endpoint = uuid.uuid4().hex
            apis.catalog_api.create_endpoint(endpoint, {
                'id': endpoint, 'service_id': service, 'interface': interface, 'region_id': 'RegionOne',
                'url': f'https://{SEED_ADDRESS}:{path}', 'enabled': True})


def neutron(database):
    """neutron's migrations do not run on SQLite, so its tables are made from its models and stamped as current."""
    import sqlalchemy
    from neutron.db.migration.models import head
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    import neutron.db.migration
    engine = sqlalchemy.create_engine(f'sqlite:///{database}')
    head.get_metadata().create_all(engine)
    config = Config()
    folder = pathlib.Path(neutron.db.migration.__file__).parent / 'alembic_migrations'
    config.set_main_option('script_location', str(folder))
    config.set_main_option('version_locations', ' '.join(
        str(v) for v in (folder / 'versions').glob('**/') if any(v.glob('*.py'))))
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text('CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)'))
        for revision in ScriptDirectory.from_config(config).get_heads():
            connection.execute(sqlalchemy.text('INSERT INTO alembic_version VALUES (:v)'), {'v': revision})


def glance_main():
    from glance.cmd import manage
    return manage.main


def placement_main():
    from placement.cmd import manage
    return manage.main


def nova_main():
    from nova.cmd import manage
    return manage.main


def seed(target):
    with tempfile.TemporaryDirectory() as scratch:
        lab = {'dir': scratch, 'node': f'{scratch}/node', 'address': SEED_ADDRESS, 'region': 'RegionOne',
               'passwords': {'service': 'seed', 'broker': 'seed'}, 'tls': {'ca': ''}}
        configure.configure(lab)
        os.environ.update(configure.environment(lab))
        from cryptography.fernet import Fernet
        for repository in ('fernet', 'credential'):
            for n in '01':
                configure.write_private(pathlib.Path(scratch) / 'keystone' / repository / n,
                                        Fernet.generate_key().decode())
        etc, db = f'{scratch}/etc', pathlib.Path(scratch) / 'db'
        nova = ['nova-manage', '--config-file', f'{etc}/nova/nova.conf']
        cell0 = f'sqlite:///{db}/nova_cell0.sqlite'
        # nova-manage cannot be called twice in a process.
        wait([
            run('keystone', lambda: keystone(etc)),
            run('neutron', lambda: neutron(db / 'neutron.sqlite')),
            run('glance', command(glance_main, 'glance-manage', '--config-file', f'{etc}/glance/glance-api.conf', 'db', 'sync')),
            run('placement', command(placement_main, 'placement-manage', '--config-file',
                                     f'{etc}/placement/placement.conf', 'db', 'sync')),
            run('nova api', command(nova_main, *nova, 'api_db', 'sync')),
        ])
        for arguments in (['cell_v2', 'map_cell0', '--database_connection', cell0], ['db', 'sync'],
                          ['cell_v2', 'create_cell', '--name', 'cell1']):
            wait([run(f"nova {' '.join(arguments[:2])}", command(nova_main, *nova, *arguments))])
        for file in sorted(db.glob('*.sqlite')):
            copy = sqlite3.connect(target / file.name)
            source = sqlite3.connect(file)
            source.backup(copy)
            source.close()
            # Kept in the file: readers never wait for writers.
            copy.execute('PRAGMA journal_mode = WAL')
            copy.execute('VACUUM')
            copy.close()


if __name__ == '__main__':
    seed(pathlib.Path(sys.argv[1]))
