-- requires: extension pg_trgm
CREATE EXTENSION pg_trgm;
CREATE FUNCTION f(text) RETURNS float4 LANGUAGE sql IMMUTABLE RETURN similarity($1, 'x');
ALTER FUNCTION f(text) DEPENDS ON EXTENSION pg_trgm;
