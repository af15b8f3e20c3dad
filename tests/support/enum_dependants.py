"""Everything that can hang on an enumerated type ``mood``, each as the SQL that makes it beside the table ``task``."""

from __future__ import annotations

BASE = """
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('sad', 'calm', 'ok', 'happy');
COMMENT ON TYPE mood IS 'it''s how one feels';
GRANT USAGE ON TYPE mood TO pg_monitor WITH GRANT OPTION;
CREATE TABLE task (id int PRIMARY KEY, mood mood, moods mood[], note text);
INSERT INTO task VALUES (1, 'sad', '{sad,happy,NULL}'), (2, 'happy', '{}'), (3, NULL, NULL);
"""
"""No row holds ``calm``."""

DEPENDANTS = {
    "default": "ALTER TABLE task ALTER mood SET DEFAULT 'sad'",
    "default of an array": "ALTER TABLE task ALTER moods SET DEFAULT '{sad,happy}'",
    "default that is an expression": "ALTER TABLE task ALTER moods SET DEFAULT ARRAY['sad'::mood] || 'happy'::mood",
    "default of another column": "ALTER TABLE task ALTER note SET DEFAULT 'sad'::mood::text || '::mood'",
    "CHECK": "ALTER TABLE task ADD CONSTRAINT c CHECK (mood <> 'ok' OR id > 5); COMMENT ON CONSTRAINT c ON task IS 'c'",
    "index": "CREATE INDEX i ON task (mood DESC) INCLUDE (note); COMMENT ON INDEX i IS 'i'",
    "partial index": "CREATE UNIQUE INDEX i ON task (id) WHERE mood IN ('sad', 'ok'); COMMENT ON INDEX i IS 'i'",
    "expression index": "CREATE INDEX i ON task ((mood = 'sad'), (CASE mood WHEN 'ok' THEN 1 ELSE 2 END))",
    "exclusion": "ALTER TABLE task ADD CONSTRAINT x EXCLUDE (mood WITH =) WHERE (mood <> 'ok' AND mood <> 'sad')",
    "unique": "ALTER TABLE task ADD CONSTRAINT u UNIQUE (mood) DEFERRABLE",
    "generated column": (
        "ALTER TABLE task ADD g text GENERATED ALWAYS AS (CASE mood WHEN 'sad' THEN 'x' ELSE 'y' END) STORED;"
        "CREATE INDEX gi ON task (g); COMMENT ON COLUMN task.g IS 'g'"
    ),
    "generated column of the type": (
        "ALTER TABLE task ADD g mood GENERATED ALWAYS AS (COALESCE(mood, 'sad')) STORED; CREATE INDEX gi ON task (g)"
    ),
    "view": "CREATE VIEW v AS SELECT id, mood FROM task WHERE mood <> 'sad'; GRANT SELECT ON v TO PUBLIC",
    "view on a view": (
        "CREATE VIEW v AS SELECT id, mood FROM task; CREATE VIEW w WITH (security_barrier) AS SELECT mood FROM v;"
        "COMMENT ON VIEW w IS 'w'; COMMENT ON COLUMN w.mood IS 'm'; GRANT SELECT (mood) ON w TO PUBLIC"
    ),
    "view of nothing but a constant": "CREATE VIEW v AS SELECT 'sad'::mood AS m",
    "materialised view": (
        "CREATE MATERIALIZED VIEW mv AS SELECT id, mood FROM task; CREATE UNIQUE INDEX mi ON mv (id);"
        "CREATE INDEX mj ON mv (mood) WHERE mood = 'sad'; COMMENT ON INDEX mj IS 'mj'"
    ),
    "function argument": (
        "CREATE FUNCTION f(mood, mood[]) RETURNS text LANGUAGE sql AS 'SELECT $1::text'; COMMENT ON FUNCTION f IS 'f';"
        "REVOKE ALL ON FUNCTION f FROM PUBLIC; CREATE VIEW v AS SELECT f(mood, moods) FROM task"
    ),
    "function default": "CREATE FUNCTION f(m mood DEFAULT 'sad') RETURNS SETOF mood LANGUAGE sql AS 'SELECT m'",
    "BEGIN ATOMIC": (
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM task WHERE mood = 'sad'; END"
    ),
    "plpgsql text": "CREATE FUNCTION f(i int) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN 'ok'::mood; END$$",
    "aggregate": (
        "CREATE FUNCTION f(mood, mood) RETURNS mood LANGUAGE sql AS 'SELECT COALESCE($1, $2)';"
        "CREATE AGGREGATE a(mood) (SFUNC = f, STYPE = mood, INITCOND = 'ok')"
    ),
    "trigger WHEN and UPDATE OF": (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER tr BEFORE UPDATE OF mood ON task FOR EACH ROW WHEN (NEW.mood = 'sad') EXECUTE FUNCTION f();"
        "COMMENT ON TRIGGER tr ON task IS 'tr'; ALTER TABLE task ENABLE REPLICA TRIGGER tr"
    ),
    "policy": (
        "ALTER TABLE task ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON task USING (mood <> 'ok');"
        "COMMENT ON POLICY p ON task IS 'p'"
    ),
    "rule": "CREATE RULE r AS ON DELETE TO task WHERE OLD.mood = 'sad' DO INSTEAD NOTHING; COMMENT ON RULE r ON task IS 'r'",
    "domain": (
        "CREATE DOMAIN good AS mood DEFAULT 'sad' CONSTRAINT c CHECK (VALUE <> 'ok'); COMMENT ON DOMAIN good IS 'd';"
        "CREATE TABLE o (g good DEFAULT 'happy', gs good[]); INSERT INTO o VALUES ('sad', '{happy}')"
    ),
    "composite type": (
        "CREATE TYPE pair AS (a mood, b int, c mood[]); COMMENT ON TYPE pair IS 'p'; COMMENT ON COLUMN pair.a IS 'a';"
        "CREATE TABLE o (p pair, ps pair[]); INSERT INTO o VALUES (ROW('sad', 1, '{happy}'), ARRAY[ROW('sad', 2, NULL)::pair])"
    ),
    "range type": (
        "CREATE TYPE span AS RANGE (SUBTYPE = mood, MULTIRANGE_TYPE_NAME = spanm); CREATE TABLE o (s span, ss span[], m spanm);"
        "INSERT INTO o VALUES ('[sad,happy)', '{\"[sad,sad]\",empty}', '{[sad,happy]}')"
    ),
    "foreign key on an enum key": (
        "CREATE TABLE kinds (mood mood PRIMARY KEY, n int); INSERT INTO kinds VALUES ('sad'), ('happy');"
        "ALTER TABLE task ADD CONSTRAINT fk FOREIGN KEY (mood) REFERENCES kinds ON DELETE SET NULL NOT VALID;"
        "COMMENT ON CONSTRAINT fk ON task IS 'fk'"
    ),
    "inherited table": (
        "ALTER TABLE task ADD CONSTRAINT c CHECK (mood <> 'ok'); CREATE TABLE heir (more int) INHERITS (task);"
        "ALTER TABLE heir ALTER mood SET DEFAULT 'happy'; CREATE INDEX hi ON heir (id) WHERE mood = 'sad';"
        "INSERT INTO heir VALUES (9, 'sad')"
    ),
    "partitioned table": (
        "CREATE TABLE parts (id int, mood mood DEFAULT 'sad') PARTITION BY RANGE (id);"
        "CREATE TABLE parts_1 PARTITION OF parts (mood DEFAULT 'happy') FOR VALUES FROM (0) TO (10);"
        "CREATE INDEX pi ON parts (id) WHERE mood = 'sad'; INSERT INTO parts VALUES (1, 'happy')"
    ),
    "table outside the model": 'CREATE TABLE app."Some %:x" ("M m" mood NOT NULL DEFAULT \'sad\'); INSERT INTO app."Some %:x" DEFAULT VALUES',
    "publication column list": "CREATE PUBLICATION p FOR TABLE task (id, mood) WITH (publish = 'insert')",
    "publication row filter": "CREATE PUBLICATION p FOR TABLE task WHERE (id > 1 AND note <> 'x') WITH (publish = 'insert')",
    "extended statistics": "CREATE STATISTICS s (mcv) ON mood, id FROM task; COMMENT ON STATISTICS s IS 's'",
    "cast": (
        "CREATE FUNCTION n(mood) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE CAST (mood AS int) WITH FUNCTION n(mood);"
        "COMMENT ON CAST (mood AS int) IS 'c'"
    ),
    "operator": (
        "CREATE FUNCTION n(mood, int) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
        "CREATE OPERATOR @@@ (LEFTARG = mood, RIGHTARG = int, FUNCTION = n); CREATE VIEW v AS SELECT mood @@@ 1 FROM task"
    ),
    "unlogged table": "ALTER TABLE task SET UNLOGGED",
}
"""None of them names ``calm``."""

ONE_ROW_A_LABEL = frozenset({"exclusion", "unique", "foreign key on an enum key"})
"""Those that let no second row have a label, or no row a label that another table does not have."""

PARTITION_KEY = (
    "CREATE TABLE listed (id int, mood mood) PARTITION BY LIST (mood);"
    "CREATE TABLE listed_sad PARTITION OF listed FOR VALUES IN ('sad')"
)
