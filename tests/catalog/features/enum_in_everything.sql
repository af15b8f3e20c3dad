CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN good AS mood CHECK (VALUE > 'sad'::mood);
CREATE TYPE pair AS (a mood, b mood[]);
CREATE TABLE t (m mood CHECK (m <> 'sad'), p pair, g good, PRIMARY KEY (m));
CREATE INDEX i ON t (m) WHERE m = 'ok';
CREATE VIEW v AS SELECT m FROM t WHERE m = 'ok';
CREATE FUNCTION f(m mood DEFAULT 'ok') RETURNS mood LANGUAGE sql RETURN m;
