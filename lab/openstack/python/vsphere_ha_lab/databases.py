"""A lab's own databases: copies of the seeded ones, with the lab's passwords and addresses put in."""
import pathlib
import shutil
import sqlite3

import bcrypt
from cryptography.fernet import Fernet

from vsphere_ha_lab.configure import variables, write_private

# What stands for a lab's address in the seeded catalogue.
SEED_ADDRESS = 'seed.invalid'


def prepare(lab):
    """Copies the seed when the lab has no databases yet."""
    root = pathlib.Path(lab['dir'])
    if (root / 'db' / 'keystone.sqlite').exists():
        return
    for file in pathlib.Path(lab['seed']).glob('*.sqlite'):
        shutil.copyfile(file, root / 'db' / file.name)
    for repository in ('fernet', 'credential'):
        for n in '01':
            write_private(root / 'keystone' / repository / n, Fernet.generate_key().decode())
    own_nova(root, lab)
    own_keystone(root / 'db' / 'keystone.sqlite', lab)


def own_keystone(file, lab):
    with sqlite3.connect(file) as db:
        db.execute('UPDATE endpoint SET url = replace(url, ?, ?)', (SEED_ADDRESS, lab['address']))
        for user in ('admin', 'service'):
            # keystone's own default: [identity] password_hash_algorithm = bcrypt, 12 rounds
            hashed = bcrypt.hashpw(lab['passwords'][user].encode(), bcrypt.gensalt(12)).decode()
            db.execute('UPDATE password SET password_hash = ? WHERE local_user_id ='
                       ' (SELECT id FROM local_user WHERE name = ?)', (hashed, user))
    db.close()


def own_nova(root, lab):
    with sqlite3.connect(root / 'db' / 'nova_api.sqlite') as db:
        for cell, file, broker in (('cell0', 'nova_cell0', 'none:///'),
                                   ('cell1', 'nova', variables(lab)['transport_url'])):
            db.execute('UPDATE cell_mappings SET database_connection = ?, transport_url = ? WHERE name = ?',
                       (f'sqlite:///{root}/db/{file}.sqlite?timeout=60', broker, cell))
    db.close()
