CREATE FUNCTION z_count() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM public.later); END';
CREATE TABLE early (n bigint DEFAULT z_count());
CREATE TABLE later (e bigint);
CREATE VIEW v AS SELECT z_count() AS n;
