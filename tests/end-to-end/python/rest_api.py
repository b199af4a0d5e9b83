"""The REST API of an Airflow 2.11 or 3.3 on a port of the loopback interface: rest_api.py PORT USER PASSWORD.

It ends with its standard input. USER is an admin: made where Airflow 2 has users of its own, and with a token, which is printed
after TOKEN, where Airflow 3 has a simple auth manager.
"""

import os
import sys
import threading

port, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()

try:
    from airflow.api_fastapi.app import create_app
except ImportError:
    from airflow.www.app import create_app
    from werkzeug.serving import run_simple

    app = create_app()
    with app.app_context():
        manager = app.appbuilder.sm
        manager.add_user(user, user, user, user + "@example.org", manager.find_role("Admin"), password)
    run_simple("127.0.0.1", port, app, threaded=True)
else:
    import uvicorn
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    app = create_app(apps="core")
    token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=user, role="admin"))
    print("TOKEN " + token, flush=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")
