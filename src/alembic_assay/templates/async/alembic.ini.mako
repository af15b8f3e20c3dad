# The database comes from the environment: DATABASE_URL, or DATABASE_URL_UNPOOLED where that is a pooler's.
[alembic]
script_location = ${script_location}
prepend_sys_path = .
path_separator = os

# Settings of alembic-assay: lint, prove, fix, ignore, lock_timeout, lock_wait, trace
[assay]

[loggers]
keys = root,sqlalchemy,alembic

[handlers]
keys = console

[formatters]
keys = generic

[logger_root]
level = WARNING
handlers = console
qualname =

[logger_sqlalchemy]
level = WARNING
handlers =
qualname = sqlalchemy.engine

[logger_alembic]
level = INFO
handlers =
qualname = alembic

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic

[formatter_generic]
format = %(levelname)-5.5s [%(name)s] %(message)s
