CREATE FUNCTION public.seconds(interval) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS 'SELECT extract(epoch FROM $1)::bigint';
CREATE CAST (interval AS bigint) WITH FUNCTION public.seconds(interval) AS IMPLICIT;
CREATE TABLE t (a bigint DEFAULT interval '1 hour');
