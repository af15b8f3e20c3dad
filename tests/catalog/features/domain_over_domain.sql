CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN small AS positive CHECK (VALUE < 10);
CREATE DOMAIN name AS varchar(20);
CREATE DOMAIN names AS text[] CHECK (array_length(VALUE, 1) < 3);
CREATE TABLE t (a small, b small[], c public.name, d names);
