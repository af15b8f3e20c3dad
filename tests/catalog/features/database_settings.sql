CREATE SCHEMA "S %:x";
DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET search_path TO "$user", "S %%:x", public', current_database());
  EXECUTE format('ALTER DATABASE %I SET work_mem TO ''64MB''', current_database());
  EXECUTE format('ALTER DATABASE %I SET "my.Own" TO ''it''''s 50%% :x \ ''', current_database());
  EXECUTE format('ALTER DATABASE %I SET timezone TO ''UTC''', current_database());
  EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET search_path TO ''''', current_database());
  EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET statement_timeout TO 5000', current_database());
END $$;
