"""Writes the services' configuration of one lab from the templates in ../../conf.

Every file is private to the user: they hold passwords.
"""
import os
import pathlib
import shutil
import string
import sys

CONF = pathlib.Path(__file__).resolve().parents[2] / 'conf'
# Which templates, one after the other, make which file.
FILES = {
    'keystone/keystone.conf': ['keystone.conf'],
    'glance/glance-api.conf': ['glance-api.conf'],
    'placement/placement.conf': ['placement.conf'],
    'neutron/neutron.conf': ['neutron.conf'],
    'nova/nova.conf': ['nova.conf', 'nova-common.conf'],
}
NODE_FILES = {'nova/nova.conf': ['nova-compute.conf', 'nova-common.conf']}
PASTE = {'glance': ['glance-api-paste.ini'], 'nova': ['api-paste.ini'], 'neutron': ['api-paste.ini']}


def variables(lab):
    """What the templates may name, from the lab's description (see launcher.py)."""
    login = '\n'.join(f'{name} = {value}' for name, value in {
        'auth_type': 'password',
        'auth_url': f"https://{lab['address']}:5000/v3",
        'project_domain_name': 'Default',
        'user_domain_name': 'Default',
        'project_name': 'service',
        'username': 'service',
        'password': lab['passwords']['service'],
        'cafile': lab['tls']['ca'],
    }.items())
    return {
        'dir': lab['dir'],
        'etc': f"{lab['dir']}/etc",
        'node': lab['node'],
        'address': lab['address'],
        'region': lab['region'],
        'service_login': login,
        'transport_url': f"rabbit://openstack:{lab['passwords']['broker']}@{lab['address']}:5672/",
    }


def render(templates, values):
    """Joins templates; a section may be named more than once (oslo.config reads it as one)."""
    return '\n'.join(string.Template((CONF / name).read_text()).substitute(values) for name in templates)


def write_private(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
        f.write(text)


def configure(lab):
    values = variables(lab)
    root = pathlib.Path(lab['dir'])
    for name, templates in FILES.items():
        write_private(root / 'etc' / name, render(templates, values))
    for name, templates in NODE_FILES.items():
        write_private(pathlib.Path(lab['node']) / 'etc' / name, render(templates, values))
    for service, names in PASTE.items():
        for name in names:
            shutil.copy(pathlib.Path(sys.prefix) / 'etc' / service / name, root / 'etc' / service / name)
    for folder in ('keystone/fernet', 'keystone/credential', 'glance/images', 'glance/staging', 'glance/tasks',
                   'glance/cache', 'nova/lock', 'neutron/lock', 'db'):
        (root / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    (pathlib.Path(lab['node']) / 'var/lib/nova').mkdir(parents=True, exist_ok=True)


def environment(lab):
    """Where the services find their configuration, and proxies kept out of calls between them."""
    etc = f"{lab['dir']}/etc"
    return {
        'OS_KEYSTONE_CONFIG_DIR': f'{etc}/keystone',
        'OS_GLANCE_CONFIG_DIR': f'{etc}/glance',
        'OS_PLACEMENT_CONFIG_DIR': f'{etc}/placement',
        'OS_NOVA_CONFIG_DIR': f'{etc}/nova',
        'OS_NEUTRON_CONFIG_DIR': f'{etc}/neutron',
        'OS_NEUTRON_CONFIG_FILES': 'neutron.conf',
        'NO_PROXY': '*',
        'no_proxy': '*',
        'PYTHONWARNINGS': 'ignore',
        'XDG_CACHE_HOME': f"{lab['dir']}/cache",
    }
