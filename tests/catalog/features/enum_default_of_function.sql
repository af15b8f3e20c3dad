CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE FUNCTION usual() RETURNS mood LANGUAGE sql STABLE RETURN 'ok'::mood;
CREATE TABLE t (m mood DEFAULT usual(), CHECK (m >= 'sad'::mood OR m = ANY (ARRAY['ok'::mood])));
