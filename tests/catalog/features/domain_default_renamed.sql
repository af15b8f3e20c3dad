CREATE SCHEMA "D s";
CREATE FUNCTION "D s".first() RETURNS int LANGUAGE sql AS 'SELECT 1';
SET LOCAL search_path = "D s", public;
CREATE DOMAIN public.d AS int DEFAULT first();
RESET search_path;
ALTER FUNCTION "D s".first() RENAME TO "Second %:x";
CREATE TABLE t (a d);
