CREATE TABLE a (id int PRIMARY KEY, name text NOT NULL DEFAULT 'a' CHECK (name <> ''));
CREATE TABLE b (extra int, other text DEFAULT 'b') INHERITS (a);
CREATE TABLE c (name text DEFAULT 'c', more int CHECK (more > 0)) INHERITS (b);
CREATE INDEX i ON b (extra);
