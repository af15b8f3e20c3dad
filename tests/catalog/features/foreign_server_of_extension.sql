-- requires: extension postgres_fdw
CREATE EXTENSION postgres_fdw;
CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h', dbname 'd', fetch_size '50');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (password_required 'false', "user" 'u');
CREATE FOREIGN TABLE t (a int) SERVER s OPTIONS (schema_name 'S %:x', table_name 't');
