CREATE TYPE c AS (a int, b text);
CREATE DOMAIN dc AS c CHECK ((VALUE).a > 0);
CREATE DOMAIN dr AS int4range DEFAULT '[1,2)' CHECK (NOT isempty(VALUE));
CREATE DOMAIN dv AS varchar(10) COLLATE "POSIX";
CREATE DOMAIN dn AS numeric(5,2)[] NOT NULL;
CREATE TABLE t (a dc, b dr, c dv[], d dn);
