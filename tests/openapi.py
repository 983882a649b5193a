"""`make openapi`: the API's description, written anew from its routes. Its ports are a world in memory, which it never asks."""

from functions.api.app import create_app
from functions.api.openapi.document import FILE, TABLE, write
from tests.fakes.world import World

if __name__ == "__main__":
    write(create_app(World().api_ports))
    print(f"{FILE}\n{TABLE}")
