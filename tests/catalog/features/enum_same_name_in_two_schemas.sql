CREATE SCHEMA other;
CREATE TYPE status AS ENUM ('on', 'off');
CREATE TYPE other.status AS ENUM ('open', 'closed');
CREATE TABLE t (a status, b other.status DEFAULT 'open');
