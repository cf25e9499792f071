"""Makes SQLite hold under several processes that write at once.

oslo.db begins every transaction with a plain BEGIN. A transaction that has read and then wants to write fails at once
("database is locked") when another one has written meanwhile, however long the time-out
(https://www.sqlite.org/rescode.html#busy_snapshot). Here the lock for writing is taken before a transaction's first
write, where SQLite does wait, and reads before it see what is committed: the isolation the services get from
MySQL clusters anyway.
"""
import sqlalchemy
from sqlalchemy import event


def use_immediate_writes():
    """Changes how every SQLAlchemy engine of this process begins transactions on SQLite."""

    @event.listens_for(sqlalchemy.Engine, 'begin')
    def begin(connection):
        if connection.dialect.name == 'sqlite':
            # The sqlite3 module sends BEGIN IMMEDIATE itself before a statement that writes; oslo.db's own listener
            # runs after this one and leaves a connection alone that it takes to be in a transaction.
            connection.connection.dbapi_connection.isolation_level = 'IMMEDIATE'
            connection.info['in_transaction'] = True

    @event.listens_for(sqlalchemy.Engine, 'savepoint')
    def savepoint(connection, name):
        # A savepoint outside a transaction would begin one without the lock.
        if connection.dialect.name == 'sqlite':
            dbapi = connection.connection.dbapi_connection
            if not dbapi.in_transaction:
                dbapi.execute('BEGIN IMMEDIATE')
